#include "abc/sampler.hpp"

#include <algorithm>
#include <cmath>

#include "simd.hpp"
#include "simulator/rows.hpp"

namespace emnesy::abc {
namespace {

constexpr std::int32_t certain = 0x7fffffff;
constexpr std::int32_t linear_limit = 24;  // thresholds; beyond, a binary search

// 64 random words: Philox4x32-10 (see random.hpp) of counters (4 samples, choice, example), 16 of them side by side.
__attribute__((always_inline)) inline void random_words(std::uint64_t seed, std::uint64_t example, std::uint64_t block,
                                                        std::uint32_t choice, std::uint32_t* out) {
  alignas(64) std::uint32_t a[16], b[16], c[16], d[16];
  for (std::uint32_t i = 0; i < 16; ++i) {
    a[i] = static_cast<std::uint32_t>(block * 16) + i;
    b[i] = choice;
    c[i] = static_cast<std::uint32_t>(example);
    d[i] = static_cast<std::uint32_t>(example >> 32) ^ static_cast<std::uint32_t>(block >> 28);
  }
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 16; ++i) {
      const std::uint64_t first = std::uint64_t{0xD2511F53u} * a[i];
      const std::uint64_t second = std::uint64_t{0xCD9E8D57u} * c[i];
      a[i] = static_cast<std::uint32_t>(second >> 32) ^ b[i] ^ key0;
      b[i] = static_cast<std::uint32_t>(second);
      c[i] = static_cast<std::uint32_t>(first >> 32) ^ d[i] ^ key1;
      d[i] = static_cast<std::uint32_t>(first);
    }
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  for (int i = 0; i < 16; ++i) {
    out[i] = a[i];
    out[16 + i] = b[i];
    out[32 + i] = c[i];
    out[48 + i] = d[i];
  }
}

}  // namespace

template <typename Real>
void set_thresholds(const Simulator& s, const Plan& plan, const PriorLayout& layout, const std::vector<const Real*>& rows,
                    std::vector<std::int32_t>& thresholds) {
  thresholds.resize(static_cast<std::size_t>(plan.value_begin.back()));
  for (std::size_t c = 0; c < s.choice_count(); ++c) {
    const Real* const prior = rows[layout.block[c]] + layout.offset[c];
    const std::int32_t stride = layout.stride[c], alternatives = s.choice_alternatives[c];
    double total = 0;
    for (std::int32_t k = 0; k < alternatives; ++k) total += static_cast<double>(prior[std::int64_t{k} * stride]);
    if (s.choice_has_none[c] && total < 1) total = 1;
    std::int32_t* const out = thresholds.data() + plan.value_begin[c];
    double sum = 0;
    std::int32_t last = 0;
    for (std::int32_t k = 0; k < alternatives; ++k) {
      const double p = static_cast<double>(prior[std::int64_t{k} * stride]);
      sum += p;
      if (p > 0) last = k;
      const double scaled = std::nearbyint(sum / total * 0x1p31) - 1;
      out[k] = scaled >= 0x1p31 - 1 ? certain : static_cast<std::int32_t>(scaled);
    }
    // The last alternative that can be takes what rounding has left, unless "none" does.
    if (!s.choice_has_none[c] || sum >= 1) std::fill(out + last, out + alternatives, certain);
    if (s.choice_has_none[c]) out[alternatives] = certain;
  }
}

template void set_thresholds<float>(const Simulator&, const Plan&, const PriorLayout&, const std::vector<const float*>&,
                                    std::vector<std::int32_t>&);
template void set_thresholds<double>(const Simulator&, const Plan&, const PriorLayout&, const std::vector<const double*>&,
                                     std::vector<std::int32_t>&);

EMNESY_CLONES void draw(const Simulator& s, const Plan& plan, const std::int32_t* thresholds, std::uint64_t seed,
                        std::uint64_t example, std::uint64_t block, int words, std::uint64_t* bits, std::int32_t* values) {
  alignas(64) std::uint32_t random[64];
  alignas(64) std::int32_t bits31[64], drawn[64];
  alignas(64) std::uint8_t above[64];
  const std::size_t choices = s.choice_count();
  for (std::size_t c = 0; c < choices; ++c) {
    random_words(seed, example, block, static_cast<std::uint32_t>(c), random);
    for (int l = 0; l < 64; ++l) bits31[l] = static_cast<std::int32_t>(random[l] >> 1);
    const std::int32_t* const threshold = thresholds + plan.value_begin[c];
    const auto count = static_cast<std::int32_t>(plan.value_begin[c + 1] - plan.value_begin[c]);
    const std::int32_t alternatives = s.choice_alternatives[c];
    std::uint64_t* const cell = bits + std::int64_t{s.choice_cell[c]} * words;
    std::int32_t* const value = values == nullptr ? drawn : values + c * 64;
    for (int l = 0; l < 64; ++l) value[l] = 0;
    if (count <= linear_limit) {
      std::uint64_t left = ~std::uint64_t{0};  // worlds whose value is k or greater
      for (std::int32_t k = 0; k < alternatives; ++k) {
        for (int l = 0; l < 64; ++l) above[l] = bits31[l] > threshold[k] ? 1 : 0;
        for (int l = 0; l < 64; ++l) value[l] += bits31[l] > threshold[k] ? 1 : 0;
        const std::uint64_t beyond = simulator::pack(above);
        cell[std::int64_t{k} * words] = left & ~beyond;
        left &= beyond;
      }
    } else {
      for (std::int32_t k = 0; k < alternatives; ++k) cell[std::int64_t{k} * words] = 0;
      for (int l = 0; l < 64; ++l) {
        value[l] = static_cast<std::int32_t>(std::lower_bound(threshold, threshold + count, bits31[l]) - threshold);
        if (value[l] < alternatives) cell[std::int64_t{value[l]} * words] |= std::uint64_t{1} << l;
      }
    }
  }
}

}  // namespace emnesy::abc
