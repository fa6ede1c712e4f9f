// Grounding: plans in, ground program out.
//
// The planner (ground/planner.py) turns every rule into plans, flat int32 code for a machine with
// registers that hold values. This header is the machine's definition.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "emnesy/ground_program.hpp"

namespace emnesy {

// One instruction: opcode, length of the whole instruction in words, then what stands below.
//   operand  register r as r, constant value v as ~v
//   pattern  Bind r | Check operand | Any | Struct functor(value of a Symbol) n pattern{n}
//   column   index pattern
// A plan is a straight line; Scan, Range and Alternatives run what follows once per row, number or value.
enum class Opcode : std::int32_t {
  Scan,          // predicate version mask n_keys operand{n_keys} n_columns column{n_columns}
                 //   rows whose columns in `mask` equal the keys (in column order) and whose others match
  Negate,        // predicate twin mask n_keys operand{...} n_columns column{...}
                 //   no such row is true; twin: predicate for "row with the checked values", or -1
  Match,         // operand pattern
  Compare,       // comparison numeric left right; numeric 0: equality of terms
  Arithmetic,    // function target n operand{n}
  Build,         // functor target n operand{n}
  Range,         // target low high; Check of a bound target is Match after it
  Choice,        // kind n_keys operand{n_keys} n_alternatives n_probabilities operand{n_probabilities}
                 //   the choice of (rule, keys); creates it if new. A Symbol `_` is an unknown probability
  Alternatives,  // target n value{n}: the domain of a neural choice
  Head,          // alternative predicate distinct operand{arity}; alternative: index, -1 no choice, -2 that of Alternatives;
                 //   distinct: an instance with this many scanned atoms that are not certain comes once, -1: do not know
  Contribute,    // predicate operand{arity, the aggregate's ignored} has_contribution operand witness operand
  Constraint,    //
  Query,         // index of the query; the atom of the last Scan
  Evidence,      // index of the evidence, holds
  End,           //
  Deny,          // predicate operand{arity}: a negative literal on an atom of the same stratum
  Call,          // site function negated n operand{n} pattern: the function's value matches; negated: it does not, or there
                 //   is none. What the function said of some operands it is not asked again
  Rule,          // source rule: what follows is a rule of its own without variables, one of many in a plan
};

enum class Version : std::int32_t { All, Old, Delta };
enum class PatternKind : std::int32_t { Bind, Check, Any, Struct };

struct PredicateInput {
  std::string name;
  std::int32_t arity = 0;
  Aggregate aggregate = Aggregate::None;
  std::int32_t aggregate_position = -1;
  bool observed = false;
};

// Predicates that depend on each other (or one alone), with the plans that derive them.
struct StratumInput {
  std::vector<std::int32_t> predicates;
  std::vector<std::int32_t> once;      // plans that read only finished strata
  std::vector<std::int32_t> repeated;  // plans that read the newest rows of this stratum
};

struct GroundInput {
  ValueTable values;
  std::vector<PredicateInput> predicates;
  std::vector<std::int32_t> code;
  std::vector<std::int32_t> plan_begin;  // offset in `code`
  std::vector<std::int32_t> plan_rule;   // source rule; of a plan that holds several, its first
  std::int32_t rule_count = 0;           // of source rules
  std::vector<StratumInput> strata;      // in order; the last one holds constraints, queries, evidence
  std::size_t query_count = 0, evidence_count = 0;
  std::int32_t registers = 0;
  std::int64_t max_ground = 0;           // of atoms + rules
  static constexpr std::int64_t steps_per_ground = 20;  // rows and numbers tried for each of max_ground
  bool keep_all = false;                 // else only what queries, evidence, ... can see
  std::function<void()> poll;            // called now and then; may throw to stop
  // The value of the function at a site of `Call`, or GroundProgram::no_value; may throw to stop.
  std::function<ValueId(ValueTable&, std::int32_t site, const std::vector<ValueId>& operands)> call;
};

struct GroundResult {
  GroundProgram program;
  std::vector<std::int32_t> query_origin;     // parallel to program.queries: index of the first query
  std::vector<std::int64_t> query_matches;    // per query: atoms that can be true
  std::vector<std::int64_t> evidence_matches; // per evidence: atoms that can be true, or contradiction
  static constexpr std::int64_t contradiction = -1;  // a certain atom is stated to be false
};

enum class GroundFault : std::int32_t {
  Overflow, DivisionByZero, NotANumber, NotAnInteger, Domain, UnknownFunction,
  ProbabilityNotANumber,
  ProbabilityRange,  // detail: the number
  ProbabilitySum,    // detail: the sum
  Limit,             // detail: the atom that was to be added; rule: the one with most instances
  NegativeCycle,     // cycle: the atoms; rule: the first one's
  SymbolicKey,       // a choice, a witness or a range depends on a computed cell
  TermDepth,         // a term grew beyond ValueTable::max_depth; detail: its functor
  SymbolicInput,     // an operand of a call depends on a computed cell
  Steps,             // more rows and numbers tried, or values made, than max_ground allows; rule: the one that tried most
  Inexact,           // whole numbers that depend on choices leave what a double holds exactly; detail: the aggregate
};

// An atom that depends on the next one of a cycle through an instance of a rule.
struct CycleStep {
  std::string atom;
  std::int32_t rule;
  bool negated;  // it depends on the negation
};

// What a rule's instance does wrong. `registers`: their texts at that moment (stale beyond `offset`).
class GroundError : public std::runtime_error {
 public:
  GroundError(GroundFault fault_, std::int32_t rule_, std::int32_t plan_, std::int32_t offset_,
              std::vector<std::string> registers_, std::string detail_)
      : std::runtime_error("grounding failed"), fault(fault_), rule(rule_), plan(plan_),
        offset(offset_), registers(std::move(registers_)), detail(std::move(detail_)) {}

  GroundFault fault;
  std::int32_t rule, plan, offset;
  std::vector<std::string> registers;
  std::string detail;
  std::int64_t atoms = 0, rules = 0, instances = 0;  // for Limit and Steps
  std::int64_t tried = 0;                            // for Steps: of that rule
  std::vector<CycleStep> cycle;                      // for NegativeCycle
};

// Throws GroundError. Takes the input apart.
GroundResult ground(GroundInput&& input);

// (name, arity) of the arithmetic functions, in the order of their numbers in plans.
std::vector<std::pair<std::string, int>> arithmetic_function_names();

}  // namespace emnesy
