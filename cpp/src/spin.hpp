// Waiting without going to sleep, for a moment.
#pragma once

#include <chrono>
#include <thread>

namespace emnesy {

// Putting a thread to sleep and waking it takes as long as a small batch: who waits looks again for a moment first,
// unless one of the `threads` that work together may need the core. True: done() became true.
template <typename Done>
bool spin_until(const Done& done, int threads = 2) {
  static const int cores = static_cast<int>(std::thread::hardware_concurrency());
  if (cores < threads) return done();
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  do {
    for (int i = 0; i < 32; ++i) {
      if (done()) return true;
#if defined(__x86_64__) && defined(__GNUC__)
      __builtin_ia32_pause();
#endif
    }
  } while (std::chrono::steady_clock::now() < end);
  return false;
}

}  // namespace emnesy
