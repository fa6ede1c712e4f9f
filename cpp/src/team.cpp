#include "team.hpp"

#include <stdexcept>
#include <utility>

#include "spin.hpp"
#include "thread_pool.hpp"

namespace emnesy {
namespace {

constexpr std::uint64_t left_mask = 0xffffffff;

}  // namespace

void Team::gather(int threads, const std::function<void(Team&)>& work) {
  Team team(threads);
  bool led = false;
  parallel_for(threads, 1, threads, [&](std::int64_t, std::int64_t, int worker) {
    if (worker != 0) return team.help(worker);
    if (led) return;  // a helper's place that nobody took
    led = true;
    try {
      work(team);
    } catch (...) {
      team.close();
      throw;
    }
    team.close();
  });
}

void Team::round(std::int64_t pieces, Body body, void* context) {
  if (pieces <= 0) return;
  if (pieces > static_cast<std::int64_t>(left_mask)) throw std::invalid_argument("team: too many pieces");
  body_ = body;
  context_ = context;
  pieces_ = pieces;
  finished_.store(0);
  const std::uint64_t number = (ticket_.load() >> 32) + 1;
  ticket_.store(number << 32 | static_cast<std::uint64_t>(pieces));
  if (pieces > 1) wake();
  while (take(0)) {
  }
  wait([&] { return finished_.load() == pieces; });
  std::exception_ptr error;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    error = std::exchange(error_, nullptr);
  }
  if (error) std::rethrow_exception(error);
}

bool Team::take(int worker) {
  std::uint64_t ticket = ticket_.load();
  while ((ticket & left_mask) > 0) {
    if (!ticket_.compare_exchange_weak(ticket, ticket - 1)) continue;
    const std::int64_t pieces = pieces_;
    try {
      body_(context_, pieces - static_cast<std::int64_t>(ticket & left_mask), worker);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
    if (finished_.fetch_add(1) + 1 == pieces && worker != 0) wake();
    return true;
  }
  return false;
}

void Team::help(int worker) {
  while (!closed_.load()) {
    if (take(worker)) continue;
    wait([this] { return (ticket_.load() & left_mask) > 0 || closed_.load(); });
  }
}

void Team::close() {
  closed_.store(true);
  wake();
}

// Whoever goes to sleep says so before looking for the last time, and whoever changes something looks for sleepers
// afterwards: one of the two sees the other.
void Team::wake() {
  if (sleepers_.load() == 0) return;
  { const std::lock_guard<std::mutex> lock(mutex_); }
  changed_.notify_all();
}

template <typename Done>
void Team::wait(const Done& done) {
  if (spin_until(done, threads_)) return;
  std::unique_lock<std::mutex> lock(mutex_);
  sleepers_.fetch_add(1);
  changed_.wait(lock, done);
  sleepers_.fetch_sub(1);
}

}  // namespace emnesy
