// Threads that stay together for many short pieces of work in a row: a round costs about a microsecond where starting a
// parallel_for takes several.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>

namespace emnesy {

class Team {
 public:
  // Calls work(team) on this thread; meanwhile up to threads - 1 threads of the pool help with its rounds, as they
  // get free. Returns, or throws what work throws, when they have left.
  static void gather(int threads, const std::function<void(Team&)>& work);

  int threads() const { return threads_; }

  // One round: body(context, piece, worker) for every piece in [0, pieces), worker < threads() unique among the calls
  // that run at one time and 0 on this thread. Returns when all is done; the first exception of a body is rethrown here, after the
  // other pieces. To be called by `work` alone, not from within a body.
  using Body = void (*)(void* context, std::int64_t piece, int worker);
  void round(std::int64_t pieces, Body body, void* context);

 private:
  explicit Team(int threads) : threads_(threads) {}
  void help(int worker);
  void close();
  bool take(int worker);
  void wake();
  template <typename Done>
  void wait(const Done& done);

  const int threads_;
  // The round's number and, in the lower half, how many of its pieces are left: who lowers it by one has got a piece, and
  // the round cannot end before that piece is finished.
  std::atomic<std::uint64_t> ticket_{0};
  std::atomic<std::int64_t> finished_{0};
  std::atomic<bool> closed_{false};
  Body body_ = nullptr;      // these three are written between rounds and read by those who have a piece
  void* context_ = nullptr;
  std::int64_t pieces_ = 0;
  std::atomic<int> sleepers_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::exception_ptr error_;  // guarded by mutex_
};

}  // namespace emnesy
