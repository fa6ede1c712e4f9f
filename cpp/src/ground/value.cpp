// Interning of ground terms: one open-addressing table for all kinds.
#include "emnesy/value.hpp"

#include <algorithm>
#include <cstring>

#include "hash.hpp"

namespace emnesy {

namespace {

constexpr ValueId kEmpty = 0xffffffffu;

std::size_t hash_value(ValueKind kind, std::int64_t payload, const ValueId* arguments,
                       std::size_t count) {
  std::uint64_t hash = mix(static_cast<std::uint64_t>(payload) * 8 + static_cast<unsigned>(kind));
  for (std::size_t i = 0; i < count; ++i) hash = combine(hash, arguments[i]);
  return hash;
}

std::int64_t bits_of(double value) {
  std::int64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

}  // namespace

std::size_t ValueTable::hash_of(ValueId id) const {
  return hash_value(kinds_[id], payload_[id], arguments_.data() + argument_begin_[id],
                    argument_count(id));
}

void ValueTable::grow() {
  const std::size_t capacity = interned_.empty() ? 64 : interned_.size() * 2;
  interned_.assign(capacity, kEmpty);
  for (ValueId id = 0; id < kinds_.size(); ++id) {
    std::size_t slot = hash_of(id) & (capacity - 1);
    while (interned_[slot] != kEmpty) slot = (slot + 1) & (capacity - 1);
    interned_[slot] = id;
  }
}

std::size_t ValueTable::find(ValueKind kind, std::int64_t payload, const ValueId* arguments,
                             std::size_t count) {
  if (2 * (kinds_.size() + 1) > interned_.size()) grow();
  const std::size_t mask = interned_.size() - 1;
  std::size_t slot = hash_value(kind, payload, arguments, count) & mask;
  for (;; slot = (slot + 1) & mask) {
    const ValueId id = interned_[slot];
    if (id == kEmpty) return slot;
    if (kinds_[id] != kind || payload_[id] != payload || argument_count(id) != count) continue;
    const ValueId* stored = arguments_.data() + argument_begin_[id];
    bool equal = true;
    for (std::size_t i = 0; i < count && equal; ++i) equal = stored[i] == arguments[i];
    if (equal) return slot;
  }
}

ValueId ValueTable::add(std::size_t slot, ValueKind kind, std::int64_t payload) {
  const auto id = static_cast<ValueId>(kinds_.size());
  kinds_.push_back(kind);
  payload_.push_back(payload);
  symbolic_.push_back(kind == ValueKind::Cell ? 1 : 0);
  depth_.push_back(0);
  argument_begin_.push_back(static_cast<std::uint32_t>(arguments_.size()));
  argument_end_.push_back(static_cast<std::uint32_t>(arguments_.size()));
  interned_[slot] = id;
  return id;
}

std::int32_t ValueTable::intern_text(const std::string& text) {
  const auto [entry, added] = text_ids_.emplace(text, static_cast<std::int32_t>(texts_.size()));
  if (added) texts_.push_back(text);
  return entry->second;
}

ValueId ValueTable::integer(std::int64_t value) {
  const std::size_t slot = find(ValueKind::Integer, value, nullptr, 0);
  return interned_[slot] != kEmpty ? interned_[slot] : add(slot, ValueKind::Integer, value);
}

ValueId ValueTable::real(double value) {
  if (value == 0.0) value = 0.0;  // -0.0 and 0.0 are one term
  const std::size_t slot = find(ValueKind::Float, bits_of(value), nullptr, 0);
  return interned_[slot] != kEmpty ? interned_[slot] : add(slot, ValueKind::Float, bits_of(value));
}

ValueId ValueTable::symbol(const std::string& text) {
  const std::int64_t payload = intern_text(text);
  const std::size_t slot = find(ValueKind::Symbol, payload, nullptr, 0);
  return interned_[slot] != kEmpty ? interned_[slot] : add(slot, ValueKind::Symbol, payload);
}

ValueId ValueTable::string(const std::string& text) {
  const std::int64_t payload = intern_text(text);
  const std::size_t slot = find(ValueKind::String, payload, nullptr, 0);
  return interned_[slot] != kEmpty ? interned_[slot] : add(slot, ValueKind::String, payload);
}

ValueId ValueTable::cell(std::int32_t cell) {
  const std::size_t slot = find(ValueKind::Cell, cell, nullptr, 0);
  return interned_[slot] != kEmpty ? interned_[slot] : add(slot, ValueKind::Cell, cell);
}

ValueId ValueTable::compound(const std::string& functor, const std::vector<ValueId>& arguments) {
  return compound(symbol(functor), arguments.data(), arguments.size());
}

ValueId ValueTable::compound(ValueId functor, const ValueId* arguments, std::size_t count) {
  const std::int64_t payload = payload_[functor];
  const std::size_t slot = find(ValueKind::Compound, payload, arguments, count);
  if (interned_[slot] != kEmpty) return interned_[slot];
  const ValueId id = add(slot, ValueKind::Compound, payload);
  for (std::size_t i = 0; i < count; ++i) {
    arguments_.push_back(arguments[i]);
    symbolic_[id] = symbolic_[id] | symbolic_[arguments[i]];
    depth_[id] = std::max(depth_[id], depth_[arguments[i]] + 1);
  }
  argument_end_[id] = static_cast<std::uint32_t>(arguments_.size());
  return id;
}

double ValueTable::as_real(ValueId id) const {
  if (kinds_[id] == ValueKind::Integer) return static_cast<double>(payload_[id]);
  double value;
  std::memcpy(&value, &payload_[id], sizeof value);
  return value;
}

const std::string& ValueTable::text(ValueId id) const {
  return texts_[static_cast<std::size_t>(payload_[id])];
}

}  // namespace emnesy
