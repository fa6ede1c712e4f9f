// What can be said of the factors before anything is known of an example: which values can occur at all.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/factor_graph.hpp"
#include "exact/relation.hpp"

namespace emnesy::exact {

struct Domains {
  // Factors as relations, without tuples that cannot occur and without variables that can have one value only.
  // Those that have no variable left are gone; their weights are in `constant`.
  std::vector<Relation> relation;
  struct Constant {
    std::int32_t variable;  // one of the factor's
    double weight;
  };
  std::vector<Constant> constant;
  std::vector<std::vector<std::uint8_t>> allowed;  // per variable: a byte a value
  std::vector<std::int32_t> size;                  // per variable: allowed values
  bool impossible = false;
};

// Starts from what the program fixes and repeats, factor by factor, until no value and no tuple is left without
// support (generalised arc consistency; Mackworth 1977). A conjunction that the program states to be true thus states
// its parts, and those are no variables any more when the elimination begins.
Domains propagate(const FactorGraph& graph);

}  // namespace emnesy::exact
