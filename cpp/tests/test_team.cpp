#include <catch2/catch.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

#include "team.hpp"

using emnesy::Team;

namespace {

struct Counter {
  std::vector<std::atomic<int>> visits;
  std::vector<std::atomic<int>> busy;
  std::atomic<bool> clash{false};
  explicit Counter(std::size_t pieces) : visits(pieces), busy(8) {}

  static void visit(void* context, std::int64_t piece, int worker) {
    auto& counter = *static_cast<Counter*>(context);
    if (++counter.busy[worker] != 1) counter.clash = true;
    ++counter.visits[piece];
    --counter.busy[worker];
  }
};

void refuse_seven(void*, std::int64_t piece, int) {
  if (piece == 7) throw std::runtime_error("seven");
}

}  // namespace

TEST_CASE("a team visits every piece of every round once, one round after the other") {
  for (const int threads : {1, 2, 4}) {
    Team::gather(threads, [&](Team& team) {
      REQUIRE(team.threads() == threads);
      Counter counter(97);
      for (int round = 1; round <= 300; ++round) {
        team.round(1 + round % 97, Counter::visit, &counter);
        if (round % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // helpers go to sleep
      }
      CHECK_FALSE(counter.clash);
      std::vector<int> expected(97, 0);
      for (int round = 1; round <= 300; ++round) {
        for (int piece = 0; piece < 1 + round % 97; ++piece) ++expected[piece];
      }
      for (std::size_t piece = 0; piece < expected.size(); ++piece) CHECK(counter.visits[piece] == expected[piece]);
    });
  }
}

TEST_CASE("what one round has written the next can read") {
  struct Sums {
    std::vector<int> numbers = std::vector<int>(64, 1);
    std::vector<int> next = std::vector<int>(64, 0);
    static void add(void* context, std::int64_t piece, int) {
      auto& sums = *static_cast<Sums*>(context);
      sums.next[piece] = sums.numbers[piece] + sums.numbers[(piece + 1) % 64];
    }
  } sums;
  Team::gather(4, [&](Team& team) {
    for (int round = 0; round < 20; ++round) {
      team.round(64, Sums::add, &sums);
      std::swap(sums.numbers, sums.next);
    }
  });
  for (const int number : sums.numbers) CHECK(number == 1 << 20);
}

TEST_CASE("exceptions of a team's pieces and of its work reach the caller, and others can go on") {
  for (int repeat = 0; repeat < 20; ++repeat) {
    CHECK_THROWS_AS(Team::gather(3,
                                 [&](Team& team) {
                                   CHECK_THROWS_AS(team.round(20, refuse_seven, nullptr), std::runtime_error);
                                   Counter counter(10);
                                   team.round(10, Counter::visit, &counter);
                                   for (const auto& visits : counter.visits) CHECK(visits == 1);
                                   throw std::logic_error("work");
                                 }),
                    std::logic_error);
  }
}

TEST_CASE("several teams may be at work at once") {
  std::vector<std::thread> callers;
  std::atomic<int> total{0};
  for (int c = 0; c < 3; ++c) {
    callers.emplace_back([&] {
      Team::gather(3, [&](Team& team) {
        Counter counter(50);
        for (int round = 0; round < 100; ++round) team.round(50, Counter::visit, &counter);
        for (const auto& visits : counter.visits) total += visits;
      });
    });
  }
  for (auto& caller : callers) caller.join();
  CHECK(total == 3 * 50 * 100);
}
