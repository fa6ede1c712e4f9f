// The tuples of one predicate: rows in order of arrival, a hash set for uniqueness, and hash indexes
// on the argument masks that plans ask for.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "emnesy/ground_program.hpp"

namespace emnesy {

using Row = std::uint32_t;
constexpr Row kNoRow = 0xffffffffu;

// Rows by the values of some columns. Rows with one key form a chain, newest first.
struct Index {
  std::uint32_t mask;
  Row upto = 0;            // rows below are indexed
  std::vector<Row> heads;  // open addressing: first row of a chain
  Growing<Row> next;   // row -> the next of its chain
  std::size_t keys = 0;
};

class Relation {
 public:
  explicit Relation(std::uint32_t arity) : arity_(arity) {}

  std::uint32_t arity() const { return arity_; }
  Row size() const { return static_cast<Row>(atoms_.size()); }
  const ValueId* tuple(Row row) const { return tuples_.data() + std::size_t{row} * arity_; }
  AtomId atom(Row row) const { return atoms_[row]; }

  Row find(const ValueId* tuple) const { return find(tuple, hash(tuple)); }
  // Appends a tuple that find() does not know.
  Row insert(const ValueId* tuple, AtomId atom) { return insert(tuple, atom, hash(tuple)); }

  // The same with the tuple's hash at hand; and where many tuples are looked up, what makes the machine fetch the slot of one,
  // and then the row that the slot names, while it works on others.
  std::uint64_t hash(const ValueId* tuple) const;
  Row find(const ValueId* tuple, std::uint64_t hash) const;
  Row insert(const ValueId* tuple, AtomId atom, std::uint64_t hash);
  void prefetch_slot(std::uint64_t hash) const;
  void prefetch_row(std::uint64_t hash) const;
  // The atom that a tuple of this hash most likely has, or -1.
  AtomId guess(std::uint64_t hash) const;

  // First row of the chain whose masked columns equal `key`, among rows below `upto`.
  Index& index(std::uint32_t mask, Row upto);
  Row first(const Index& index, const ValueId* key) const;

  // Drops the hash set and the indexes: from here on rows are only read by number.
  void release();

  // Drops the rows for which `keep(atom, new row)` is false; the others move up. Forgets the indexes.
  template <class Keep>
  void filter(Keep&& keep);

  // Semi-naive versions: old rows are [0, delta), new ones [delta, limit); rows from limit on belong to
  // the next round.
  Row delta = 0, limit = 0;

 private:
  struct Slot {
    Row row = kNoRow;
    std::uint32_t tag = 0;  // the hash's upper half
  };

  std::uint64_t hash_masked(std::uint32_t mask, const ValueId* tuple) const;
  bool equal_masked(std::uint32_t mask, const ValueId* a, const ValueId* b) const;
  void grow();
  void put(Row row, std::uint64_t hash);
  void extend(Index& index, Row upto) const;
  void rehash(Index& index, std::size_t capacity) const;

  std::uint32_t arity_;
  Growing<ValueId> tuples_;
  Growing<AtomId> atoms_;
  std::vector<Slot> slots_;
  std::vector<std::unique_ptr<Index>> indexes_;
};

template <class Keep>
void Relation::filter(Keep&& keep) {
  Relation kept(arity_);
  for (Row row = 0; row < size(); ++row)
    if (keep(atom(row), kept.size())) kept.insert(tuple(row), atom(row));
  kept.delta = delta;
  kept.limit = limit;
  *this = std::move(kept);
}

}  // namespace emnesy
