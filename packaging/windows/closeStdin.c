/* Closes its stdin for good (Node cannot on Windows), writes a line and sleeps. */
#include <windows.h>
int main(void) {
  DWORD n;
  CloseHandle(GetStdHandle(STD_INPUT_HANDLE));
  WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), "closed\n", 7, &n, 0);
  Sleep(1000000);
  return 0;
}
