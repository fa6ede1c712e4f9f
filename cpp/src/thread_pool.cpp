#include "thread_pool.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>

#include "spin.hpp"

#ifndef _WIN32
#include <pthread.h>
#endif

namespace emnesy {
namespace {

using Body = std::function<void(std::int64_t, std::int64_t, int)>;

// One parallel_for. Pool threads hold it by shared_ptr: one that comes late finds no chunk left and touches
// nothing that belongs to the caller, which may have returned.
struct Job {
  Job(std::int64_t count_, std::int64_t chunk_, const Body* body_) : count(count_), chunk(chunk_), body(body_) {}

  const std::int64_t count, chunk;
  const Body* const body;
  std::atomic<std::int64_t> next{0};
  std::mutex mutex;
  std::condition_variable done;
  std::atomic<int> running{0};  // pool threads at work; changed under mutex
  int next_worker = 1;   // guarded by mutex; 0 is the caller
  bool closed = false;   // guarded by mutex
  std::exception_ptr error;  // guarded by mutex

  void work(int worker) {
    try {
      for (;;) {
        const std::int64_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
        if (begin >= count) return;
        (*body)(begin, std::min(begin + chunk, count), worker);
      }
    } catch (...) {
      next.store(count, std::memory_order_relaxed);
      const std::lock_guard<std::mutex> lock(mutex);
      if (!error) error = std::current_exception();
    }
  }

  void help() {
    int worker;
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (closed) return;
      ++running;
      worker = next_worker++;
    }
    work(worker);
    const std::lock_guard<std::mutex> lock(mutex);
    if (--running == 0) done.notify_all();
  }
};

class Pool {
 public:
  // Threads are detached and the pool is never destroyed: joining at exit would hang where a fork or an
  // interpreter shutdown has already ended them.
  void submit(const std::shared_ptr<Job>& job, int helpers) {
    int missing;  // those who look anyway need not be woken, which would take the caller as long as a small batch
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      for (; size_ < helpers; ++size_) std::thread([this] { loop(); }).detach();
      for (int i = 0; i < helpers; ++i) queue_.push_back(job);
      missing = queued_.fetch_add(helpers, std::memory_order_relaxed) + helpers - looking_.load(std::memory_order_relaxed);
    }
    if (missing == 1) {
      wake_.notify_one();
    } else if (missing > 1) {
      wake_.notify_all();
    }
  }

 private:
  void loop() {
    for (;;) {
      std::shared_ptr<Job> job;
      const int looking = looking_.fetch_add(1, std::memory_order_relaxed) + 1;
      spin_until([this] { return queued_.load(std::memory_order_relaxed) > 0; }, 1 + looking);
      {
        std::unique_lock<std::mutex> lock(mutex_);
        looking_.fetch_sub(1, std::memory_order_relaxed);
        wake_.wait(lock, [this] { return !queue_.empty(); });
        job = std::move(queue_.front());
        queue_.pop_front();
        queued_.fetch_sub(1, std::memory_order_relaxed);
      }
      job->help();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::shared_ptr<Job>> queue_;
  std::atomic<int> queued_{0};  // its size, to look at without the mutex
  // Threads that are awake and will look at the queue before they sleep; lowered under the mutex.
  std::atomic<int> looking_{0};
  int size_ = 0;
};

std::atomic<Pool*> current{nullptr};

// After a fork the child has none of the parent's threads, and its copy of the mutex may be locked for good:
// the child starts a pool of its own. (Asking the system for the process at every call would cost a small batch some of its time.)
#ifndef _WIN32
[[maybe_unused]] const int watching = pthread_atfork(nullptr, nullptr, [] { current.store(nullptr, std::memory_order_relaxed); });
#endif

Pool& pool() {
  Pool* found = current.load(std::memory_order_acquire);
  if (found != nullptr) return *found;
  auto made = std::make_unique<Pool>();
  return current.compare_exchange_strong(found, made.get(), std::memory_order_acq_rel) ? *made.release() : *found;
}

}  // namespace

void parallel_for(std::int64_t count, std::int64_t chunk, int threads, const Body& body) {
  if (count <= 0) return;
  chunk = std::max<std::int64_t>(chunk, 1);
  const std::int64_t chunks = (count + chunk - 1) / chunk;
  const int helpers = static_cast<int>(std::min<std::int64_t>(std::min(threads, 256), chunks)) - 1;
  if (helpers <= 0) {
    for (std::int64_t begin = 0; begin < count; begin += chunk) body(begin, std::min(begin + chunk, count), 0);
    return;
  }
  const auto job = std::make_shared<Job>(count, chunk, &body);
  pool().submit(job, helpers);
  job->work(0);
  {
    const std::lock_guard<std::mutex> lock(job->mutex);
    job->closed = true;
  }
  spin_until([&] { return job->running.load(std::memory_order_relaxed) == 0; });
  std::unique_lock<std::mutex> lock(job->mutex);
  job->done.wait(lock, [&] { return job->running == 0; });
  if (job->error) std::rethrow_exception(job->error);
}

}  // namespace emnesy
