// How many of n independent things hold, observed, written by hand: forward and backward tables of partial counts.
//
// Plain C++, double, one thread. Quadratic in n; what is below 1e-200 is taken for zero, as denormals are slow.
#include <cmath>
#include <cstdint>
#include <new>
#include <vector>

#include "export.hpp"

namespace {

// next[j] = now[j] (1 - p) + now[j - 1] p, for j = 0 .. top.
EMNESY_CLONES void extend(const double* now, double p, std::int64_t top, double* next) {
  next[0] = now[0] * (1 - p);
  for (std::int64_t j = 1; j <= top; ++j) {
    const double x = now[j] * (1 - p) + now[j - 1] * p;
    next[j] = x < 1e-200 ? 0.0 : x;
  }
}

EMNESY_CLONES double meet(const double* forward, const double* backward, std::int64_t rest) {
  double total = 0;
  for (std::int64_t j = 0; j <= rest; ++j) total += forward[j] * backward[rest - j];
  return total;
}

}  // namespace

// prior: (batch, n); label: (batch); posterior: (batch, n); log_evidence: (batch). Not zero: out of memory.
extern "C" EMNESY_EXPORT int emnesy_reference_counts(const float* prior, const std::int32_t* label, std::int64_t batch,
                                                     std::int64_t n, float* posterior, float* log_evidence) try {
  std::vector<double> backward, now, next;
  for (std::int64_t b = 0; b < batch; ++b, prior += n, posterior += n) {
    const std::int64_t k = label[b], width = k + 1;
    backward.assign(static_cast<std::size_t>((n + 1) * width), 0.0);
    backward[static_cast<std::size_t>(n * width)] = 1;
    for (std::int64_t i = n; i-- > 0;) extend(&backward[(i + 1) * width], prior[i], k, &backward[i * width]);
    const double total = backward[k];
    now.assign(width, 0.0);
    next.assign(width, 0.0);
    now[0] = 1;
    for (std::int64_t i = 0; i < n; ++i) {
      const double with = k > 0 ? prior[i] * meet(now.data(), &backward[(i + 1) * width], k - 1) : 0.0;
      posterior[i] = static_cast<float>(with / total);
      extend(now.data(), prior[i], k, next.data());
      now.swap(next);
    }
    log_evidence[b] = static_cast<float>(std::log(total));
  }
  return 0;
} catch (const std::bad_alloc&) {
  return 1;
}
