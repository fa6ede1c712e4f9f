// Asks for memory ahead of its use, where the compiler knows how.
#pragma once

namespace emnesy {

inline void prefetch(const void* address) {
#if defined(__GNUC__)
  __builtin_prefetch(address);
#else
  static_cast<void>(address);
#endif
}

}  // namespace emnesy
