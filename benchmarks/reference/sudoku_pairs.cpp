// Loopy belief propagation on the pairwise graph of a sudoku, written by hand for this one problem: a not-equal factor
// for each two cells of a row, column or box (810 for 9 by 9), flooding schedule, float32, no damping.
//
// It knows what an engine has to find out: a not-equal factor turns the message m into 1 - m, both messages of a pair
// can be renewed in place, and eight puzzles at a time fill the vectors while their messages stay in the second-level
// cache.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "export.hpp"

namespace {

constexpr int kLanes = 8;  // puzzles at a time, in the innermost loops

using Pairs = std::vector<std::pair<int, int>>;

Pairs pairs_of(int box) {
  const int size = box * box;
  Pairs pairs;
  for (int u = 0; u < size * size; ++u) {
    for (int v = u + 1; v < size * size; ++v) {
      const int r = u / size, c = u % size, r2 = v / size, c2 = v % size;
      if (r == r2 || c == c2 || (r / box == r2 / box && c / box == c2 / box)) pairs.emplace_back(u, v);
    }
  }
  return pairs;
}

// New message to one end of a pair from the belief of the other end and the message that this got from the pair.
template <int Values>
inline void send(const float* __restrict belief, const float* __restrict got, float* __restrict out) {
  float total[kLanes] = {};
  for (int d = 0; d < Values; ++d) {
    for (int l = 0; l < kLanes; ++l) {
      const float m = belief[d * kLanes + l] / got[d * kLanes + l];
      out[d * kLanes + l] = m;
      total[l] += m;
    }
  }
  for (int l = 0; l < kLanes; ++l) total[l] = 1 / total[l];
  for (int d = 0; d < Values; ++d) {
    // Never quite zero, so that it can be divided by.
    for (int l = 0; l < kLanes; ++l) {
      const float m = 1 - out[d * kLanes + l] * total[l];
      out[d * kLanes + l] = m > 1e-6f ? m : 1e-6f;
    }
  }
}

// One iteration: renews all messages (pair, end, value, lane) and returns the beliefs in `next`.
template <int Values>
EMNESY_CLONES void iterate(const std::pair<int, int>* pairs, int pair_count, int cells, const float* priors,
                           float* messages, const float* belief, float* next) {
  constexpr int kRow = Values * kLanes;
  std::memcpy(next, priors, sizeof(float) * static_cast<std::size_t>(cells) * kRow);
  float fresh[2][kRow];
  for (int p = 0; p < pair_count; ++p) {
    const int u = pairs[p].first, v = pairs[p].second;
    float* to_u = messages + static_cast<std::ptrdiff_t>(2 * p) * kRow;
    float* to_v = to_u + kRow;
    send<Values>(belief + u * kRow, to_u, fresh[1]);
    send<Values>(belief + v * kRow, to_v, fresh[0]);
    float* next_u = next + u * kRow;
    float* next_v = next + v * kRow;
    for (int i = 0; i < kRow; ++i) {
      to_u[i] = fresh[0][i];
      next_u[i] *= fresh[0][i];
    }
    for (int i = 0; i < kRow; ++i) {
      to_v[i] = fresh[1][i];
      next_v[i] *= fresh[1][i];
    }
  }
  for (int u = 0; u < cells; ++u) {
    float total[kLanes] = {};
    for (int d = 0; d < Values; ++d) {
      for (int l = 0; l < kLanes; ++l) total[l] += next[u * kRow + d * kLanes + l];
    }
    for (int l = 0; l < kLanes; ++l) total[l] = 1 / total[l];
    for (int d = 0; d < Values; ++d) {
      for (int l = 0; l < kLanes; ++l) next[u * kRow + d * kLanes + l] *= total[l];
    }
  }
}

template <int Values>
void solve(const Pairs& pairs, const float* priors, std::int64_t batch, int iterations, float* posteriors) {
  constexpr int kRow = Values * kLanes, kCells = Values * Values;
  std::vector<float> lanes(kCells * kRow), belief(kCells * kRow), next(kCells * kRow);
  std::vector<float> messages(2 * pairs.size() * kRow);
  for (std::int64_t first = 0; first < batch; first += kLanes) {
    const auto example = [&](int l) { return std::min(first + l, batch - 1) * kCells * Values; };
    for (int i = 0; i < kCells * Values; ++i) {
      for (int l = 0; l < kLanes; ++l) lanes[static_cast<std::size_t>(i * kLanes + l)] = priors[example(l) + i];
    }
    std::fill(messages.begin(), messages.end(), 1.0f);
    belief = lanes;
    for (int k = 0; k < iterations; ++k) {
      iterate<Values>(pairs.data(), static_cast<int>(pairs.size()), kCells, lanes.data(), messages.data(), belief.data(),
                      next.data());
      belief.swap(next);
    }
    for (int i = 0; i < kCells * Values; ++i) {
      for (int l = 0; l < kLanes && first + l < batch; ++l) {
        posteriors[example(l) + i] = belief[static_cast<std::size_t>(i * kLanes + l)];
      }
    }
  }
}

}  // namespace

// priors, posteriors: float32 (batch, cells, values), C-contiguous, cells row by row; `box` is 2 or 3. Posteriors are
// the beliefs after `iterations`. Returns 0; 1 for another size or when memory ran out.
extern "C" EMNESY_EXPORT int emnesy_reference_sudoku_pairs(const float* priors, std::int64_t batch, std::int32_t box,
                                                           std::int32_t iterations, float* posteriors) try {
  static const Pairs four = pairs_of(2), nine = pairs_of(3);
  if (box == 2) {
    solve<4>(four, priors, batch, iterations, posteriors);
  } else if (box == 3) {
    solve<9>(nine, priors, batch, iterations, posteriors);
  } else {
    return 1;
  }
  return 0;
} catch (...) {
  return 1;
}
