// Work over examples, shared among the threads of one process-wide pool.
#pragma once

#include <cstdint>
#include <functional>

namespace emnesy {

// Calls body(begin, end, worker) for consecutive chunks that cover [0, count), from the calling thread and at
// most threads - 1 pool threads; worker < threads is unique among the calls that run at one time. Chunks
// are handed out as threads get free, so body must not depend on which worker gets which chunk. Returns when all
// is done; the first exception of a body is rethrown here and the chunks not yet begun are dropped.
//
// May be called from several threads at once, and in a process forked from one that used it.
void parallel_for(std::int64_t count, std::int64_t chunk, int threads,
                  const std::function<void(std::int64_t begin, std::int64_t end, int worker)>& body);

}  // namespace emnesy
