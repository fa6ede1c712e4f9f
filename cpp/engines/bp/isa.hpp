// Which instructions the code of a translation unit may use.
//
// The message kernels are templates that several translation units compile, each for other instructions. All of them
// put their names into an inline namespace of the unit's own, so that the linker never takes one unit's copy of a
// function for another's: code for AVX-512 must not end up where the machine has none.
#pragma once

#ifndef EMNESY_ISA
#define EMNESY_ISA portable
#endif

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
