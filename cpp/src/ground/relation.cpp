#include "relation.hpp"

#include "hash.hpp"
#include "huge_pages.hpp"
#include "prefetch.hpp"

namespace emnesy {

std::uint64_t Relation::hash(const ValueId* tuple) const {
  std::uint64_t result = 0;
  for (std::uint32_t i = 0; i < arity_; ++i) result = combine(result, tuple[i]);
  return result;
}

Row Relation::find(const ValueId* tuple, std::uint64_t hash) const {
  if (slots_.empty()) return kNoRow;
  const std::size_t mask = slots_.size() - 1;
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const Slot slot = slots_[at];
    if (slot.row == kNoRow) return kNoRow;
    if (slot.tag != tag) continue;
    const ValueId* stored = this->tuple(slot.row);
    bool equal = true;
    for (std::uint32_t i = 0; i < arity_ && equal; ++i) equal = stored[i] == tuple[i];
    if (equal) return slot.row;
  }
}

void Relation::prefetch_slot(std::uint64_t hash) const {
  if (!slots_.empty()) prefetch(&slots_[hash & (slots_.size() - 1)]);
}

void Relation::prefetch_row(std::uint64_t hash) const {
  if (slots_.empty()) return;
  const Row row = slots_[hash & (slots_.size() - 1)].row;
  if (row == kNoRow) return;
  prefetch(tuple(row));
  prefetch(&atoms_[row]);
}

AtomId Relation::guess(std::uint64_t hash) const {
  if (slots_.empty()) return -1;
  const Row row = slots_[hash & (slots_.size() - 1)].row;
  return row == kNoRow ? -1 : atoms_[row];
}

void Relation::grow() {
  const std::size_t capacity = slots_.empty() ? 16 : slots_.size() * 2;
  slots_ = {};
  slots_ = on_huge_pages<Slot>(capacity);
  for (Row row = 0; row < size(); ++row) put(row, hash(tuple(row)));
}

void Relation::put(Row row, std::uint64_t hash) {
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = hash & mask;
  while (slots_[at].row != kNoRow) at = (at + 1) & mask;
  slots_[at] = {row, static_cast<std::uint32_t>(hash >> 32)};
}

Row Relation::insert(const ValueId* tuple, AtomId atom, std::uint64_t hash) {
  if (2 * (atoms_.size() + 1) > slots_.size()) grow();
  const Row row = size();
  tuples_.append(tuple, tuple + arity_);
  atoms_.push_back(atom);
  put(row, hash);
  return row;
}

void Relation::release() {
  slots_ = {};
  indexes_.clear();
}

std::uint64_t Relation::hash_masked(std::uint32_t mask, const ValueId* tuple) const {
  std::uint64_t result = 0;
  for (std::uint32_t i = 0; i < arity_; ++i)
    if (mask >> i & 1) result = combine(result, tuple[i]);
  return result;
}

bool Relation::equal_masked(std::uint32_t mask, const ValueId* a, const ValueId* b) const {
  for (std::uint32_t i = 0; i < arity_; ++i)
    if ((mask >> i & 1) && a[i] != b[i]) return false;
  return true;
}

void Relation::rehash(Index& index, std::size_t capacity) const {
  std::vector<Row> old = std::move(index.heads);
  index.heads.assign(capacity, kNoRow);
  for (const Row row : old) {
    if (row == kNoRow) continue;
    std::size_t slot = hash_masked(index.mask, tuple(row)) & (capacity - 1);
    while (index.heads[slot] != kNoRow) slot = (slot + 1) & (capacity - 1);
    index.heads[slot] = row;
  }
}

void Relation::extend(Index& index, Row upto) const {
  index.next.resize(upto, kNoRow);
  for (Row row = index.upto; row < upto; ++row) {
    if (2 * (index.keys + 1) > index.heads.size())
      rehash(index, index.heads.empty() ? 16 : index.heads.size() * 2);
    const std::size_t mask = index.heads.size() - 1;
    const ValueId* added = tuple(row);
    std::size_t slot = hash_masked(index.mask, added) & mask;
    while (index.heads[slot] != kNoRow &&
           !equal_masked(index.mask, tuple(index.heads[slot]), added))
      slot = (slot + 1) & mask;
    if (index.heads[slot] == kNoRow) ++index.keys;
    index.next[row] = index.heads[slot];
    index.heads[slot] = row;
  }
  index.upto = upto;
}

Index& Relation::index(std::uint32_t mask, Row upto) {
  Index* found = nullptr;
  for (const auto& index : indexes_)
    if (index->mask == mask) found = index.get();
  if (!found) {
    indexes_.push_back(std::make_unique<Index>());
    found = indexes_.back().get();
    found->mask = mask;
  }
  if (found->upto < upto) extend(*found, upto);
  return *found;
}

Row Relation::first(const Index& index, const ValueId* key) const {
  if (index.heads.empty()) return kNoRow;
  const std::size_t mask = index.heads.size() - 1;
  for (std::size_t slot = hash_masked(index.mask, key) & mask;; slot = (slot + 1) & mask) {
    const Row row = index.heads[slot];
    if (row == kNoRow || equal_masked(index.mask, tuple(row), key)) return row;
  }
}

}  // namespace emnesy
