// Run-time dispatch: a function marked EMNESY_CLONES is compiled for several instruction sets, and the loader picks
// one. Not under ThreadSanitizer, whose run-time is not up yet when the loader asks.
#pragma once

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define EMNESY_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EMNESY_CLONES
#endif

// For what such functions have in common: each of them gets a copy for its own instructions.
#if defined(__GNUC__)
#define EMNESY_ALWAYS inline __attribute__((always_inline))
#else
#define EMNESY_ALWAYS inline
#endif
