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

// One copy of the code, whoever calls it: multiplications and additions that are fused, or not, are so everywhere, and the
// results are the same to the last bit. Where the machine cannot fuse them every copy computes the same.
#if defined(__SSE2_MATH__) && !defined(__FMA__) && !defined(EMNESY_ISA_NEEDS_TARGET)
#define EMNESY_ONE_COPY
#elif defined(__GNUC__) && !defined(__clang__)
#define EMNESY_ONE_COPY __attribute__((noinline, noclone))
#elif defined(__GNUC__)
#define EMNESY_ONE_COPY __attribute__((noinline))
#else
#define EMNESY_ONE_COPY
#endif
