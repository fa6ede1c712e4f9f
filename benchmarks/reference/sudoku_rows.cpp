// Loopy belief propagation on a sudoku with one all-different factor for each row, column and box, written by hand for
// this one problem: plain scalar C++, float32, one puzzle after the other.
//
// The messages of a factor over K cells with K values come from a dynamic programme over the subsets of values that
// the first cells use, forwards and backwards: 3 K 2^(K-1) multiplications instead of K!. Factors take turns
// (rows, then columns, then boxes), each reading the newest messages; `damping` is the share of the old message kept.
#include <array>
#include <cstdint>
#include <vector>

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "export.hpp"

namespace {

constexpr float kFloor = 1e-12f;

// Products of nine small messages are denormal numbers, which are slow and do not matter: flush them to zero.
class FlushDenormals {
 public:
#if defined(__SSE2__)
  FlushDenormals() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040u); }
  ~FlushDenormals() { _mm_setcsr(saved_); }

 private:
  unsigned saved_;
#endif
};

// Which values a set has, and how many.
template <int K>
struct Subsets {
  struct Set {
    std::int8_t size, values[K];
  };
  std::array<Set, 1 << K> sets{};
  Subsets() {
    for (int s = 0; s < 1 << K; ++s) {
      Set& set = sets[static_cast<std::size_t>(s)];
      for (int d = 0; d < K; ++d) {
        if (s >> d & 1) set.values[set.size++] = static_cast<std::int8_t>(d);
      }
    }
  }
};

// out[k][d]: the total weight of the assignments in which all cells differ and cell k has value d, without in[k][d].
template <int K>
void all_different(const Subsets<K>& subsets, const float in[K][K], float out[K][K]) {
  constexpr int kAll = (1 << K) - 1;
  float forward[1 << K], backward[1 << K];  // of the first, of the last |s| cells, when they use the values s
  forward[0] = backward[0] = 1;
  for (int s = 1; s < kAll; ++s) {
    const auto& set = subsets.sets[static_cast<std::size_t>(s)];
    const float* first = in[set.size - 1];
    const float* last = in[K - set.size];
    float f = 0, b = 0;
    for (int i = 0; i < set.size; ++i) {
      const int d = set.values[i];
      f += forward[s ^ 1 << d] * first[d];
      b += backward[s ^ 1 << d] * last[d];
    }
    forward[s] = f;
    backward[s] = b;
  }
  for (int k = 0; k < K; ++k) {
    for (int d = 0; d < K; ++d) out[k][d] = 0;
  }
  for (int s = 0; s < kAll; ++s) {
    const auto& rest = subsets.sets[static_cast<std::size_t>(kAll ^ s)];
    float* row = out[K - rest.size];
    const float weight = forward[s];
    for (int i = 0; i < rest.size; ++i) {
      const int d = rest.values[i];
      row[d] += weight * backward[kAll ^ s ^ 1 << d];
    }
  }
}

template <int K>
void normalise(float* m) {
  float total = 0;
  for (int d = 0; d < K; ++d) total += m[d];
  const float scale = total > 0 ? 1 / total : 0;
  for (int d = 0; d < K; ++d) m[d] = m[d] * scale > kFloor ? m[d] * scale : kFloor;
}

// Cells of the 3 K groups.
template <int K>
std::vector<std::array<int, K>> groups_of(int box) {
  std::vector<std::array<int, K>> groups(3 * K);
  for (int g = 0; g < K; ++g) {
    for (int i = 0; i < K; ++i) {
      const auto at = [&](int kind) -> int& { return groups[static_cast<std::size_t>(kind * K + g)][static_cast<std::size_t>(i)]; };
      at(0) = g * K + i;
      at(1) = i * K + g;
      at(2) = (g / box * box + i / box) * K + g % box * box + i % box;
    }
  }
  return groups;
}

template <int K>
void solve(int box, const float* priors, std::int64_t batch, int iterations, float damping, float* posteriors) {
  static const Subsets<K> subsets;
  const FlushDenormals flush{};
  const auto groups = groups_of<K>(box);
  constexpr int kCells = K * K;
  std::vector<std::array<float, K>> messages(3 * kCells);  // kind of group, cell
  float in[K][K], out[K][K];
  const auto cavity = [&](const float* prior, int cell, int without, float* result) {
    for (int d = 0; d < K; ++d) result[d] = prior[cell * K + d];
    for (int kind = 0; kind < 3; ++kind) {
      if (kind == without) continue;
      const auto& m = messages[static_cast<std::size_t>(kind * kCells + cell)];
      for (int d = 0; d < K; ++d) result[d] *= m[static_cast<std::size_t>(d)];
    }
    normalise<K>(result);
  };
  for (std::int64_t e = 0; e < batch; ++e) {
    const float* prior = priors + e * kCells * K;
    for (auto& m : messages) m.fill(1.0f / K);
    for (int iteration = 0; iteration < iterations; ++iteration) {
      for (int g = 0; g < 3 * K; ++g) {
        const auto& cells = groups[static_cast<std::size_t>(g)];
        for (int i = 0; i < K; ++i) cavity(prior, cells[static_cast<std::size_t>(i)], g / K, in[i]);
        all_different<K>(subsets, in, out);
        for (int i = 0; i < K; ++i) {
          normalise<K>(out[i]);
          auto& m = messages[static_cast<std::size_t>(g / K * kCells + cells[static_cast<std::size_t>(i)])];
          for (int d = 0; d < K; ++d) {
            m[static_cast<std::size_t>(d)] = damping * m[static_cast<std::size_t>(d)] + (1 - damping) * out[i][d];
          }
        }
      }
    }
    for (int cell = 0; cell < kCells; ++cell) cavity(prior, cell, -1, posteriors + (e * kCells + cell) * K);
  }
}

}  // namespace

// priors, posteriors: float32 (batch, cells, values), C-contiguous, cells row by row; `box` is 2 or 3. Returns 0; 1 for
// another size or when memory ran out.
extern "C" EMNESY_EXPORT int emnesy_reference_sudoku_rows(const float* priors, std::int64_t batch, std::int32_t box,
                                                          std::int32_t iterations, float damping, float* posteriors) try {
  if (box == 2) {
    solve<4>(box, priors, batch, iterations, damping, posteriors);
  } else if (box == 3) {
    solve<9>(box, priors, batch, iterations, damping, posteriors);
  } else {
    return 1;
  }
  return 0;
} catch (...) {
  return 1;
}
