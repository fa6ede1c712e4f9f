// What the compiler can do about SIMD; the kernels' namespace is in target.hpp.
#pragma once

// GCC's vector types and, on x86-64, its `target` pragma. Elsewhere the portable unit alone is compiled; with neither,
// examples are computed one by one.
#if defined(__GNUC__)
#define EMNESY_LANES 1
#else
#define EMNESY_LANES 0
#endif
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define EMNESY_LANES_X86 1
#else
#define EMNESY_LANES_X86 0
#endif

#if defined(__GNUC__)
#define EMNESY_INLINE inline __attribute__((always_inline))
#else
#define EMNESY_INLINE inline
#endif
