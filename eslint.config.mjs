import { defineConfig, globalIgnores } from 'eslint/config';
import rxjs from 'eslint-plugin-rxjs-x';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores([
    'dist/',
    'coverage/',
    'mutation/',
    'bench/',
    'spec/.built/',
    'fixtures/',
    'examples/angular-nestjs/', // Has packages of its own.
    '**/*.cjs',
    '**/*.mjs',
    '**/*.js',
  ]),
  {
    files: ['**/*.ts'],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      rxjs.configs.strict,
    ],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // `$` on everything that holds an Observable, never on functions (which TypeScript calls `__type`
      // and `__function`) and not on an ObservableInput, which may be an array. `worker.send` is a
      // Subject to write to; a `link` is subscribed to by the library.
      'rxjs-x/finnish': [
        'error',
        {
          functions: false,
          methods: false,
          parameters: true,
          properties: true,
          objects: true,
          variables: true,
          strict: false,
          names: { '^(send|link)$': false },
          types: { '^(__type|__function|(Mono.*)?OperatorFunction|InteropObservable)$': false },
        },
      ],
      // `worker.send` and `worker.status$` are subjects by design, and guard what may be written.
      'rxjs-x/no-exposed-subjects': 'off',
      'rxjs-x/no-subclass': 'off',
      // A worker's streams never error; RxJS itself reports an error that nobody handles.
      'rxjs-x/no-ignored-error': 'off',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // How many arguments were given is no part of a function's type: checkArguments() looks.
      'prefer-rest-params': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
    },
  },
  {
    files: ['spec/**/*.ts'],
    rules: {
      // Specs feed wrong arguments, reach into what they have just awaited, and let errors fail them.
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
      'rxjs-x/no-floating-observables': 'off',
      'rxjs-x/no-ignored-default-value': 'off',
    },
  },
  {
    files: ['examples/**/*.ts', 'packaging/**/*.ts'],
    rules: {
      // There, a stream without a value is an error.
      'rxjs-x/no-ignored-default-value': 'off',
    },
  },
);
