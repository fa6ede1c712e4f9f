// Which instructions the code of a translation unit may use. Included by every header of message kernels.
//
// The message kernels are templates that several translation units compile, each for other instructions. All of them
// put their names into an inline namespace of the unit's own, so that the linker never takes one unit's copy of a
// function for another's: code for AVX-512 must not end up where the machine has none.
//
// A unit with a `target` pragma must set it ahead of all kernels, or those that come first are compiled for fewer
// registers and disagree with their callers on how vectors are passed. (GCC 12 reads the whole file before
// the pragma changes __AVX512F__, so the two macros of the unit's own say where it stands.)
#pragma once

#ifndef EMNESY_ISA
#define EMNESY_ISA portable
#endif
#if defined(EMNESY_ISA_NEEDS_TARGET) && !defined(EMNESY_ISA_TARGET_SET)
#error "message kernels are included ahead of the target pragma"
#endif
