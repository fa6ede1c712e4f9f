#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "random.hpp"
#include "thread_pool.hpp"

using emnesy::parallel_for;

TEST_CASE("every index is visited once, whatever the number of threads") {
  for (const int threads : {1, 2, 4}) {
    std::vector<std::atomic<int>> visits(1000);
    parallel_for(1000, 7, threads, [&](std::int64_t begin, std::int64_t end, int worker) {
      if (worker < 0 || worker >= threads) visits[0] += 1000;
      for (std::int64_t i = begin; i < end; ++i) ++visits[i];
    });
    for (const auto& count : visits) CHECK(count == 1);
  }
}

TEST_CASE("workers of one time are distinct") {
  std::vector<std::atomic<int>> busy(4);
  std::atomic<bool> clash{false};
  parallel_for(200, 1, 4, [&](std::int64_t, std::int64_t, int worker) {
    if (++busy[worker] != 1) clash = true;
    std::this_thread::yield();
    --busy[worker];
  });
  CHECK_FALSE(clash);
}

TEST_CASE("an exception reaches the caller and the pool stays usable") {
  for (int repeat = 0; repeat < 20; ++repeat) {
    CHECK_THROWS_AS(parallel_for(100, 1, 3,
                                 [](std::int64_t begin, std::int64_t, int) {
                                   if (begin == 57) throw std::runtime_error("57");
                                 }),
                    std::runtime_error);
  }
}

TEST_CASE("several threads may call at once") {
  std::vector<std::thread> callers;
  std::atomic<std::int64_t> total{0};
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 50; ++repeat) {
        parallel_for(64, 3, 3, [&](std::int64_t begin, std::int64_t end, int) { total += end - begin; });
      }
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(total == 4 * 50 * 64);
}

TEST_CASE("philox gives its published numbers") {
  const auto zeros = emnesy::philox({0, 0, 0, 0}, {0, 0});
  CHECK(zeros == std::array<std::uint32_t, 4>{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  const auto ones = emnesy::philox({0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu}, {0xffffffffu, 0xffffffffu});
  CHECK(ones == std::array<std::uint32_t, 4>{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
}
