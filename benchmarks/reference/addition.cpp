// The E-step of N-digit addition, written by hand for this one problem: forward-backward over the carry.
//
// Plain C++, float32, one thread, no intrinsics, no options beyond those of the package. It knows what an engine
// has to find out: that the graph is a chain of carries, that a position matters to the rest only through four
// numbers, and that the pairs of digits with a given sum are two runs.
#include <cmath>
#include <cstdint>
#include <vector>

#include "export.hpp"

namespace {

struct Position {
  float pairs[2][2];  // [carry in][carry out]: sum over the pairs of digits of p(a) p(b)
  float forward[2];   // message from the positions below, summing to one
};

// a + b + carry in = s + 10 * carry out
void pair_totals(const float* a, const float* b, int s, float pairs[2][2]) {
  float low0 = 0, high0 = 0, low1 = 0, high1 = 0;
  for (int d = 0; d <= s; ++d) low0 += a[d] * b[s - d];
  for (int d = s + 1; d < 10; ++d) high0 += a[d] * b[s + 10 - d];
  for (int d = 0; d < s; ++d) low1 += a[d] * b[s - 1 - d];
  for (int d = s; d < 10; ++d) high1 += a[d] * b[s + 9 - d];
  pairs[0][0] = low0;
  pairs[0][1] = high0;
  pairs[1][0] = low1;
  pairs[1][1] = high1;
}

// w[carry in][carry out]: what the rest of the sum says, divided by p(sum).
void digit_posteriors(const float* a, const float* b, int s, const float w[2][2], float* qa, float* qb) {
  for (int d = 0; d < s; ++d) {
    qa[d] = a[d] * (w[0][0] * b[s - d] + w[1][0] * b[s - 1 - d]);
    qb[d] = b[d] * (w[0][0] * a[s - d] + w[1][0] * a[s - 1 - d]);
  }
  qa[s] = a[s] * (w[0][0] * b[0] + w[1][1] * b[9]);
  qb[s] = b[s] * (w[0][0] * a[0] + w[1][1] * a[9]);
  for (int d = s + 1; d < 10; ++d) {
    qa[d] = a[d] * (w[0][1] * b[s + 10 - d] + w[1][1] * b[s + 9 - d]);
    qb[d] = b[d] * (w[0][1] * a[s + 10 - d] + w[1][1] * a[s + 9 - d]);
  }
}

// Returns log p(sum) of one example and fills its posteriors.
float example(const float* priors, const std::int32_t* sum, int digits, Position* positions, float* posteriors) {
  const float* a = priors;
  const float* b = priors + 10 * digits;
  float forward[2] = {1, 0};
  double likelihood = 1, log_likelihood = 0;
  for (int i = 0; i < digits; ++i) {
    Position& p = positions[i];
    p.forward[0] = forward[0];
    p.forward[1] = forward[1];
    pair_totals(a + 10 * i, b + 10 * i, sum[i], p.pairs);
    const float none = p.forward[0] * p.pairs[0][0] + p.forward[1] * p.pairs[1][0];
    const float one = p.forward[0] * p.pairs[0][1] + p.forward[1] * p.pairs[1][1];
    const float total = none + one, inverse = 1 / total;
    forward[0] = none * inverse;
    forward[1] = one * inverse;
    likelihood *= total;
    if (likelihood < 1e-200) {  // few logarithms
      log_likelihood += std::log(likelihood);
      likelihood = 1;
    }
  }
  const int last = sum[digits];
  log_likelihood += std::log(likelihood * forward[last]);

  float backward[2] = {last == 0 ? 1.0f : 0.0f, last == 1 ? 1.0f : 0.0f};
  for (int i = digits - 1; i >= 0; --i) {
    const Position& p = positions[i];
    float w[2][2], total = 0;
    for (int c = 0; c < 2; ++c) {
      for (int d = 0; d < 2; ++d) {
        w[c][d] = p.forward[c] * backward[d];
        total += w[c][d] * p.pairs[c][d];
      }
    }
    const float inverse = 1 / total;
    for (int c = 0; c < 2; ++c) {
      for (int d = 0; d < 2; ++d) w[c][d] *= inverse;
    }
    digit_posteriors(a + 10 * i, b + 10 * i, sum[i], w, posteriors + 10 * i, posteriors + 10 * (digits + i));
    const float none = p.pairs[0][0] * backward[0] + p.pairs[0][1] * backward[1];
    const float one = p.pairs[1][0] * backward[0] + p.pairs[1][1] * backward[1];
    const float scale = 1 / (none + one);
    backward[0] = none * scale;
    backward[1] = one * scale;
  }
  return static_cast<float>(log_likelihood);
}

}  // namespace

// priors, posteriors: float32 (batch, 2, digits, 10), C-contiguous: number, position (least significant first),
// digit. sums: int32 (batch, digits + 1), least significant first, each 0..9, the last 0 or 1.
// log_likelihood: float32 (batch). All labels must be given and possible. Returns 0; 1 when memory ran out.
extern "C" EMNESY_EXPORT int emnesy_reference_addition(const float* priors, const std::int32_t* sums, std::int64_t batch,
                                                       std::int32_t digits, float* posteriors, float* log_likelihood) try {
  std::vector<Position> positions(static_cast<std::size_t>(digits));
  const std::int64_t row = std::int64_t{20} * digits;
  for (std::int64_t e = 0; e < batch; ++e) {
    log_likelihood[e] = example(priors + e * row, sums + e * (digits + 1), digits, positions.data(), posteriors + e * row);
  }
  return 0;
} catch (...) {
  return 1;
}
