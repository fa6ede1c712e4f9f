// The standard order of terms, and how a term is written.
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "emnesy/value.hpp"

namespace emnesy {

namespace {

int sign_of(bool less, bool greater) { return less ? -1 : greater ? 1 : 0; }

int rank(ValueKind kind) {
  switch (kind) {
    case ValueKind::Cell: return 0;
    case ValueKind::Integer:
    case ValueKind::Float: return 1;
    case ValueKind::Symbol: return 2;
    case ValueKind::String: return 3;
    case ValueKind::Compound: return 4;
  }
  return 5;
}

bool is_plain_symbol(const std::string& text) {
  if (text.empty()) return false;
  if (text == "[]" || text == "{}" || text == "!") return true;
  const auto letter = [](unsigned char c) { return c >= 0x80; };  // UTF-8 beyond ASCII: what the parser let through
  const auto first = static_cast<unsigned char>(text[0]);
  if (!std::islower(first) && !letter(first)) return false;
  for (const char c : text)
    if (!std::isalnum(static_cast<unsigned char>(c)) && !letter(static_cast<unsigned char>(c)) && c != '_') return false;
  return true;
}

std::string quoted(const std::string& text, char quote) {
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + quote;
}

std::string format_real(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[40];
  int digits = 1;
  for (; digits <= 17; ++digits) {  // the shortest that reads back as the same double
    std::snprintf(buffer, sizeof buffer, "%.*g", digits, value);
    if (std::strtod(buffer, nullptr) == value) break;
  }
  if (digits == 17 && std::strchr(buffer, 'e') != nullptr) {
    // Or 16 digits that are not the nearest: some powers of two have a closer neighbour below.
    *std::to_chars(buffer, buffer + sizeof buffer - 1, value, std::chars_format::scientific).ptr = '\0';
  }
  std::string text = buffer;
  const double size = std::abs(value);
  if (text.find('e') != std::string::npos && size >= 1e-4 && size < 1e16) {
    std::snprintf(buffer, sizeof buffer, "%.1f", value);  // 1e+03: few digits, but a number people write out
    if (std::strtod(buffer, nullptr) == value) text = buffer;
  }
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

// Binding strength of infix functors; 0 for functors written in front of their arguments.
int infix_priority(const std::string& functor) {
  static const struct {
    const char* name;
    int priority;
  } table[] = {{"+", 500},  {"-", 500},  {"/\\", 500}, {"\\/", 500}, {"xor", 500}, {"*", 400},
               {"/", 400},  {"//", 400}, {"mod", 400}, {"<<", 400},  {">>", 400},  {"**", 200}};
  for (const auto& entry : table)
    if (functor == entry.name) return entry.priority;
  return 0;
}

}  // namespace

int ValueTable::compare(ValueId a, ValueId b) const {
  if (a == b) return 0;
  const int rank_a = rank(kinds_[a]), rank_b = rank(kinds_[b]);
  if (rank_a != rank_b) return rank_a < rank_b ? -1 : 1;
  switch (rank_a) {
    case 0: return sign_of(payload_[a] < payload_[b], payload_[a] > payload_[b]);
    case 1: {
      if (kinds_[a] == kinds_[b] && kinds_[a] == ValueKind::Integer)
        return sign_of(payload_[a] < payload_[b], payload_[a] > payload_[b]);
      const double x = as_real(a), y = as_real(b);
      if (x != y) return x < y ? -1 : 1;
      return kinds_[a] == ValueKind::Float ? -1 : 1;
    }
    case 2:
    case 3: return text(a) < text(b) ? -1 : 1;
    default: break;
  }
  const std::size_t count = argument_count(a);
  if (count != argument_count(b)) return count < argument_count(b) ? -1 : 1;
  if (payload_[a] != payload_[b]) return text(a) < text(b) ? -1 : 1;
  for (std::size_t i = 0; i < count; ++i)
    if (const int order = compare(argument(a, i), argument(b, i))) return order;
  return 0;
}

std::string ValueTable::format_symbol(const std::string& text) {
  return is_plain_symbol(text) ? text : quoted(text, '\'');
}

std::string ValueTable::format(ValueId id) const {
  switch (kinds_[id]) {
    case ValueKind::Integer: return std::to_string(payload_[id]);
    case ValueKind::Float: return format_real(as_real(id));
    case ValueKind::Symbol: return format_symbol(text(id));
    case ValueKind::String: return quoted(text(id), '"');
    case ValueKind::Cell: return "#" + std::to_string(payload_[id]);
    case ValueKind::Compound: break;
  }
  const std::string& functor = text(id);
  const std::size_t count = argument_count(id);
  if (functor == "[|]" && count == 2) {
    std::string out = "[" + format(argument(id, 0));
    ValueId rest = argument(id, 1);
    while (kinds_[rest] == ValueKind::Compound && text(rest) == "[|]" && argument_count(rest) == 2) {
      out += ", " + format(argument(rest, 0));
      rest = argument(rest, 1);
    }
    if (!(kinds_[rest] == ValueKind::Symbol && text(rest) == "[]")) out += " | " + format(rest);
    return out + "]";
  }
  if (functor == ",") {
    std::string out = "(";
    for (std::size_t i = 0; i < count; ++i) out += (i ? ", " : "") + format(argument(id, i));
    return out + ")";
  }
  if (const int priority = count == 2 ? infix_priority(functor) : 0) {
    const auto operand = [&](ValueId value, bool right) {
      const int inner =
          kinds_[value] == ValueKind::Compound && argument_count(value) == 2 ? infix_priority(text(value)) : 0;
      const std::string body = format(value);
      return inner > priority || (right && inner == priority) ? "(" + body + ")" : body;
    };
    const bool word = std::isalpha(static_cast<unsigned char>(functor[0])) != 0;
    const std::string gap = word ? " " : "";
    return operand(argument(id, 0), false) + gap + functor + gap + operand(argument(id, 1), true);
  }
  std::string out = is_plain_symbol(functor) || functor == "-" ? functor : quoted(functor, '\'');
  out += "(";
  for (std::size_t i = 0; i < count; ++i) out += (i ? "," : "") + format(argument(id, i));
  return out + ")";
}

}  // namespace emnesy
