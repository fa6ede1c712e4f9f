// Semi-naive evaluation of the plans, stratum by stratum.
//
// In a recursive stratum a rule with k recursive literals has k plans; plan i reads the newest rows at
// literal i, older ones before it and all after it, so that every substitution of the body is found
// exactly once. Aggregates count on that.
#include "emnesy/grounder.hpp"

#include "arithmetic.hpp"
#include "finish.hpp"
#include "machine.hpp"
#include "store.hpp"

namespace emnesy {

namespace {

// Moves the rows of the last round to the old ones. False where there are none.
bool advance(Store& store, const StratumInput& stratum) {
  bool grown = false;
  for (const std::int32_t predicate : stratum.predicates) {
    Relation& relation = store.relations[predicate];
    relation.delta = relation.limit;
    relation.limit = relation.size();
    grown = grown || relation.limit > relation.delta;
  }
  return grown;
}

}  // namespace

GroundResult ground(GroundInput&& input) {
  GroundResult result;
  result.query_matches.assign(input.query_count, 0);
  result.evidence_matches.assign(input.evidence_count, 0);
  Store store(input);
  Machine machine(store, input, result);
  for (const StratumInput& stratum : input.strata) {
    const bool recursive = !stratum.repeated.empty();
    store.begin_stratum();
    for (const std::int32_t plan : stratum.once) machine.run(plan, recursive);
    while (recursive && advance(store, stratum))
      for (const std::int32_t plan : stratum.repeated) machine.run(plan, recursive);
    store.close_stratum();
    for (const std::int32_t predicate : stratum.predicates) {
      Relation& relation = store.relations[predicate];
      relation.delta = 0;
      relation.limit = relation.size();
    }
  }
  finish(store, input, result);
  return result;
}

std::vector<std::pair<std::string, int>> arithmetic_function_names() {
  std::vector<std::pair<std::string, int>> names;
  for (const ArithmeticFunction& function : arithmetic_functions())
    names.emplace_back(function.name, function.arity);
  return names;
}

}  // namespace emnesy
