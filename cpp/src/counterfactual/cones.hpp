// Which choices can matter to what an example observes: causal cones, from the simulator's structure alone.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/simulator.hpp"

namespace emnesy::counterfactual {

// For every cell that evidence slots, the program's evidence or its constraints mention: the choices that reach it,
// ascending. Where finding out would take too long, every choice is said to reach every such cell.
struct Cones {
  explicit Cones(const Simulator& simulator, std::int64_t work_limit = std::int64_t{1} << 27);

  std::vector<std::int32_t> place;     // cell -> its cone, or -1
  std::vector<std::int64_t> begin{0};  // per cone
  std::vector<std::int32_t> choice;
};

}  // namespace emnesy::counterfactual
