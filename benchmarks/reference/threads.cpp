// A yardstick for threads: divisions that need nothing but a core, shared out among threads. How much faster two threads
// do them is what the machine gives at that moment.
#include <cstdint>
#include <thread>
#include <vector>

#include "export.hpp"

namespace {

double divisions(std::int64_t count) {
  double x = 1.5;
  for (std::int64_t i = 0; i < count; ++i) x = 3.25 / (x + 0.125);  // a chain: nothing to overlap
  return x;
}

}  // namespace

// Does `count` divisions on `threads` threads and returns their sum.
extern "C" EMNESY_EXPORT double emnesy_reference_divisions(std::int64_t count, std::int32_t threads) try {
  std::vector<double> results(static_cast<std::size_t>(threads) * 16);  // a cache line each
  std::vector<std::thread> others;
  for (std::int32_t t = 1; t < threads; ++t) {
    others.emplace_back([&results, count, threads, t] { results[static_cast<std::size_t>(t) * 16] = divisions(count / threads); });
  }
  results[0] = divisions(count / threads);
  for (std::thread& other : others) other.join();
  double total = 0;
  for (std::int32_t t = 0; t < threads; ++t) total += results[static_cast<std::size_t>(t) * 16];
  return total;
} catch (...) {
  return -1;
}
