// What the reference loops share: how a function leaves the library, and one build of it for each kind of processor.
#pragma once

#ifdef _WIN32
#define EMNESY_EXPORT __declspec(dllexport)
#else
#define EMNESY_EXPORT __attribute__((visibility("default")))
#endif

// As the package itself does: the wheel is portable, the processor chooses at run time.
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__)
#define EMNESY_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define EMNESY_CLONES
#endif
