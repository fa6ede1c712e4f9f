// Runs plans against a store. See emnesy/grounder.hpp for the code.
#pragma once

#include <vector>

#include "memo.hpp"
#include "store.hpp"

namespace emnesy {

class Machine {
 public:
  Machine(Store& store, const GroundInput& input, GroundResult& result);

  // Runs one plan. `eager`: aggregates of this stratum are recursive.
  void run(std::int32_t plan, bool eager);

 private:
  using Pc = std::size_t;

  void begin_rule(std::int32_t rule);
  void execute(Pc pc);
  bool negate(Pc pc);
  bool compare(Pc pc);
  void arithmetic(Pc pc);
  void range(Pc pc);
  bool choose(Pc pc);
  bool call(Pc pc);
  void head(Pc pc);
  void flush();
  void contribute(Pc pc);
  Pc skip(Pc pattern) const;
  std::string describe(Pc pc) const;

  ValueId operand(std::int32_t word) const {
    return word >= 0 ? registers_[word] : static_cast<ValueId>(~word);
  }
  std::int32_t word(Pc pc) const { return code_[pc]; }
  // Matches a value; moves `pc` beyond the pattern only where it succeeds. Equality that depends on cells
  // adds conditions to the body.
  bool match(ValueId value, Pc& pc);
  bool unify(ValueId a, ValueId b);
  // Visits the rows that a Scan or Negate describes: visit(row) gets matched rows, its conditions in
  // body_. Returns early where visit returns false.
  template <class Visit>
  void each_row(Pc pc, Version version, Visit&& visit);
  void tick();
  // Calls `poll`, and stops where the work is out of proportion to `max_ground`: joins that give nothing
  // are no atoms and no rules.
  void pause();
  [[noreturn]] void fail(GroundFault fault, Pc pc, std::string detail = "") const;
  [[noreturn]] void fail_steps();
  [[noreturn]] void fail_limit(Pc pc, AtomId atom) const;
  void check_limit(Pc pc, AtomId atom);

  // A head without a choice that is not derived yet. Several are looked up at once, so that memory answers meanwhile.
  struct Pending {
    Pc pc;
    std::uint64_t hash;
    std::size_t tuple, body, body_end;  // in pending_tuple_ and pending_body_
    bool distinct;
  };
  static constexpr std::size_t most_pending = 32;

  Store& store_;
  const GroundInput& input_;
  GroundResult& result_;
  const std::vector<std::int32_t>& code_;
  std::vector<ValueId> registers_;
  std::vector<Literal> body_;     // literals of the substitution so far
  std::vector<Literal> sorted_;   // of the rule being recorded
  std::vector<ValueId> tuple_;
  std::vector<ValueId> key_;
  Memo called_;
  std::int32_t plan_ = 0, rule_ = 0;
  bool eager_ = false;
  AtomId matched_ = -1;           // of the last Scan
  std::int32_t scanned_ = 0;      // atoms of Scans that are in the body
  std::int32_t choice_ = -1, alternative_ = -1;
  std::uint32_t ticks_ = 0;       // rows and numbers tried since the last pause
  std::int64_t steps_ = 0;        // up to the last pause
  std::vector<std::int64_t> tried_;  // of `steps_`, per source rule
  std::vector<Pending> pending_;
  std::vector<ValueId> pending_tuple_;
  std::vector<Literal> pending_body_;
};

}  // namespace emnesy
