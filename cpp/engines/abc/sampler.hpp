// Draws of all choices, 64 worlds at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "abc/plan.hpp"

namespace emnesy::abc {

// A value is drawn by counting the thresholds below 31 random bits. Alternatives of probability zero are never drawn;
// probabilities are resolved to 2^-31.
template <typename Real>
void set_thresholds(const Simulator& s, const Plan& plan, const PriorLayout& layout, const std::vector<const Real*>& rows,
                    std::vector<std::int32_t>& thresholds);

// Worlds 64 * block .. + 63 of an example. bits: word of cell 0; the words of cell c are `words` * c further on. values:
// null, or a row of 64 for each choice.
void draw(const Simulator& s, const Plan& plan, const std::int32_t* thresholds, std::uint64_t seed, std::uint64_t example,
          std::uint64_t block, int words, std::uint64_t* bits, std::int32_t* values);

}  // namespace emnesy::abc
