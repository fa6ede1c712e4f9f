// The subsets of a few symbols in an order that the all-different messages walk without thinking.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

namespace emnesy::factors {

// Subsets of 0 .. symbols - 1 with at most `layers` elements, layer by layer (a layer: the subsets of one size). A subset of
// layer l has l entries in `below` (itself less one element) and symbols - l entries in `above` (itself and one more).
struct Subsets {
  struct Step {
    std::uint16_t symbol;  // what is taken away or added
    std::uint16_t subset;  // the subset that this leads to: its number within its layer
  };
  std::int32_t symbols = 0, layers = 0;
  std::vector<std::int32_t> layer_begin;  // layers + 2: the first subset of each layer, over all
  std::vector<std::int64_t> below_begin, above_begin;  // layers + 1: a layer's first step
  std::vector<Step> below, above;         // `above` of the last layer is left out
  std::int32_t widest = 1;                // subsets in the largest layer

  std::int32_t size(std::int32_t layer) const { return layer_begin[layer + 1] - layer_begin[layer]; }
};

// Shared: the same arguments give the same object while anybody holds it.
std::shared_ptr<const Subsets> subsets_of(std::int32_t symbols, std::int32_t layers);

}  // namespace emnesy::factors
