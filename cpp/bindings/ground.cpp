// Binding of the grounder: plans in, GroundProgram out. ground/planner.py writes the plans.
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

#include "arrays.hpp"
#include "bindings.hpp"
#include "emnesy/grounder.hpp"
#include "emnesy/numbers.hpp"

namespace py = pybind11;
using namespace emnesy;

namespace {

using PredicateTuple = std::tuple<std::string, std::int32_t, std::int32_t, std::int32_t, bool>;
using StratumTuple =
    std::tuple<std::vector<std::int32_t>, std::vector<std::int32_t>, std::vector<std::int32_t>>;
using Int32Array = py::array_t<std::int32_t, py::array::c_style>;

py::object python_value(const ValueTable& values, ValueId id) {
  switch (values.kind(id)) {
    case ValueKind::Integer: return py::int_(values.as_integer(id));
    case ValueKind::Float: return py::float_(values.as_real(id));
    case ValueKind::Symbol:
      if (values.text(id) == "[]") return py::tuple();
      return py::str(values.text(id));
    case ValueKind::String: return py::str(values.text(id));
    case ValueKind::Cell: return py::str(values.format(id));
    case ValueKind::Compound: break;
  }
  const std::string& functor = values.text(id);
  py::list items;
  if (functor == ",") {
    for (std::size_t i = 0; i < values.argument_count(id); ++i)
      items.append(python_value(values, values.argument(id, i)));
    return py::tuple(items);
  }
  if (functor == "[|]" && values.argument_count(id) == 2) {
    ValueId rest = id;
    while (values.kind(rest) == ValueKind::Compound && values.text(rest) == "[|]") {
      items.append(python_value(values, values.argument(rest, 0)));
      rest = values.argument(rest, 1);
    }
    if (values.kind(rest) == ValueKind::Symbol && values.text(rest) == "[]") return py::tuple(items);
  }
  return py::str(values.format(id));
}

ValueId known(const ValueTable& values, ValueId value) {
  if (value >= values.size()) throw py::index_error("no such value");
  return value;
}

std::vector<std::int32_t> to_vector(const Int32Array& array) {
  return {array.data(), array.data() + array.size()};
}

py::tuple run_ground(ValueTable& values, const std::vector<PredicateTuple>& predicates,
                     const Int32Array& code, const Int32Array& plan_begin,
                     const Int32Array& plan_rule, std::int32_t rule_count,
                     const std::vector<StratumTuple>& strata,
                     std::int32_t registers, std::size_t queries, std::size_t evidence,
                     std::int64_t max_ground, bool keep_all, const py::object& call) {
  GroundInput input;
  input.values = std::move(values);
  values = ValueTable();
  for (const auto& [name, arity, aggregate, position, observed] : predicates)
    input.predicates.push_back({name, arity, static_cast<Aggregate>(aggregate), position, observed});
  input.code = to_vector(code);
  input.plan_begin = to_vector(plan_begin);
  input.plan_rule = to_vector(plan_rule);
  input.rule_count = rule_count;
  for (const auto& [members, once, repeated] : strata) input.strata.push_back({members, once, repeated});
  input.registers = registers;
  input.query_count = queries;
  input.evidence_count = evidence;
  input.max_ground = max_ground;
  input.keep_all = keep_all;
  input.poll = [] {
    py::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  };
  if (!call.is_none())  // a handle: the function may be dropped where the interpreter is not locked
    input.call = [call = py::handle(call)](ValueTable& table, std::int32_t site,
                                           const std::vector<ValueId>& operands) {
      py::gil_scoped_acquire gil;
      const py::object value =
          call(py::cast(&table, py::return_value_policy::reference), site, operands);
      return value.is_none() ? GroundProgram::no_value : value.cast<ValueId>();
    };
  auto program = std::make_shared<GroundProgram>();
  GroundResult result;
  {
    py::gil_scoped_release release;
    result = ground(std::move(input));
    *program = std::move(result.program);
  }
  return py::make_tuple(program, result.query_origin, result.query_matches, result.evidence_matches);
}

template <class Items>
void property(py::class_<GroundProgram, std::shared_ptr<GroundProgram>>& type, const char* name,
              Items GroundProgram::*member) {
  type.def_property_readonly(name, [member](py::object self) {
    return view_of(self.cast<GroundProgram&>().*member, self);
  });
}

// Enumerations are one byte wide and seen as uint8.
template <class T>
void enum_property(py::class_<GroundProgram, std::shared_ptr<GroundProgram>>& type, const char* name,
                   std::vector<T> GroundProgram::*member) {
  static_assert(sizeof(T) == 1);
  type.def_property_readonly(name, [member](py::object self) {
    const auto& data = self.cast<GroundProgram&>().*member;
    return view_of(reinterpret_cast<const std::uint8_t*>(data.data()), data.size(), self);
  });
}

}  // namespace

void bind_ground(py::module_& m) {
  py::class_<ValueTable>(m, "ValueTable")
      .def(py::init<>())
      .def("integer", &ValueTable::integer)
      .def("real", &ValueTable::real)
      .def("symbol", &ValueTable::symbol)
      .def("string", &ValueTable::string)
      .def("compound", py::overload_cast<const std::string&, const std::vector<ValueId>&>(
                           &ValueTable::compound))
      .def("compare", &ValueTable::compare)
      .def("format", &ValueTable::format)
      .def("kind", [](const ValueTable& self, ValueId value) {
        return static_cast<int>(self.kind(known(self, value)));
      })
      .def("number", [](const ValueTable& self, ValueId value) -> py::object {
        if (!self.is_number(known(self, value))) throw py::index_error("no number");
        return python_value(self, value);
      })
      .def("text", [](const ValueTable& self, ValueId value) {
        if (self.is_number(known(self, value)) || self.kind(value) == ValueKind::Cell)
          throw py::index_error("a number has no text");
        return self.text(value);
      })
      .def("arguments", [](const ValueTable& self, ValueId value) {
        std::vector<ValueId> arguments;
        for (std::size_t i = 0; i < self.argument_count(known(self, value)); ++i)
          arguments.push_back(self.argument(value, i));
        return arguments;
      })
      .def("__len__", &ValueTable::size);

  py::class_<GroundProgram, std::shared_ptr<GroundProgram>> type(m, "GroundProgram");
  type.def("verify", &GroundProgram::verify)
      .def("dump", &GroundProgram::dump)
      .def("format_atom", [](const GroundProgram& self, AtomId atom) {
        if (atom < 0 || static_cast<std::size_t>(atom) >= self.atom_count())
          throw py::index_error("no such atom");
        return self.format_atom(atom);
      })
      .def("format_value", [](const GroundProgram& self, ValueId value) {
        if (value >= self.values.size()) throw py::index_error("no such value");
        return self.values.format(value);
      })
      .def("value", [](const GroundProgram& self, ValueId value) {
        if (value >= self.values.size()) throw py::index_error("no such value");
        return python_value(self.values, value);
      })
      .def("value_kind", [](const GroundProgram& self, ValueId value) {
        if (value >= self.values.size()) throw py::index_error("no such value");
        return static_cast<int>(self.values.kind(value));
      })
      .def("cell", [](const GroundProgram& self, ValueId value) {
        if (value >= self.values.size() || self.values.kind(value) != ValueKind::Cell)
          throw py::index_error("no such cell");
        return self.values.as_integer(value);
      })
      .def("compound", [](const GroundProgram& self, ValueId value) {
        if (value >= self.values.size() || self.values.kind(value) != ValueKind::Compound)
          throw py::index_error("no such compound");
        std::vector<ValueId> arguments;
        for (std::size_t i = 0; i < self.values.argument_count(value); ++i)
          arguments.push_back(self.values.argument(value, i));
        return py::make_tuple(self.values.text(value), arguments);
      })
      .def("compare_values", [](const GroundProgram& self, ValueId a, ValueId b) {
        if (a >= self.values.size() || b >= self.values.size()) throw py::index_error("no such value");
        return self.values.compare(a, b);
      })
      .def("is_symbolic", [](const GroundProgram& self, ValueId value) {
        if (value >= self.values.size()) throw py::index_error("no such value");
        return self.values.is_symbolic(value);
      })
      .def_property_readonly("atom_count", &GroundProgram::atom_count)
      .def_property_readonly("rule_count", &GroundProgram::rule_count)
      .def_property_readonly("choice_count", &GroundProgram::choice_count)
      .def_property_readonly("value_count", [](const GroundProgram& self) { return self.values.size(); })
      .def_readonly("values", &GroundProgram::values)
      .def_readonly("predicate_name", &GroundProgram::predicate_name);
  property(type, "predicate_arity", &GroundProgram::predicate_arity);
  enum_property(type, "predicate_aggregate", &GroundProgram::predicate_aggregate);
  property(type, "predicate_aggregate_position", &GroundProgram::predicate_aggregate_position);
  enum_property(type, "atom_kind", &GroundProgram::atom_kind);
  property(type, "atom_predicate", &GroundProgram::atom_predicate);
  property(type, "atom_argument_begin", &GroundProgram::atom_argument_begin);
  property(type, "atom_argument", &GroundProgram::atom_argument);
  property(type, "atom_first", &GroundProgram::atom_first);
  property(type, "atom_second", &GroundProgram::atom_second);
  enum_property(type, "choice_kind", &GroundProgram::choice_kind);
  property(type, "choice_origin", &GroundProgram::choice_origin);
  property(type, "choice_key_begin", &GroundProgram::choice_key_begin);
  property(type, "choice_key", &GroundProgram::choice_key);
  property(type, "choice_alternative_begin", &GroundProgram::choice_alternative_begin);
  property(type, "choice_alternative", &GroundProgram::choice_alternative);
  property(type, "choice_probability", &GroundProgram::choice_probability);
  property(type, "choice_has_none", &GroundProgram::choice_has_none);
  property(type, "rule_head", &GroundProgram::rule_head);
  property(type, "rule_body_begin", &GroundProgram::rule_body_begin);
  property(type, "rule_body", &GroundProgram::rule_body);
  property(type, "rule_origin", &GroundProgram::rule_origin);
  property(type, "rule_contribution", &GroundProgram::rule_contribution);
  property(type, "rule_witness", &GroundProgram::rule_witness);
  property(type, "cell_atom", &GroundProgram::cell_atom);
  property(type, "constraint_begin", &GroundProgram::constraint_begin);
  property(type, "constraint_body", &GroundProgram::constraint_body);
  property(type, "constraint_origin", &GroundProgram::constraint_origin);
  property(type, "evidence", &GroundProgram::evidence);
  property(type, "queries", &GroundProgram::queries);
  property(type, "observed_predicates", &GroundProgram::observed_predicates);

  // Raised as GroundFault(fault, rule, plan, offset, registers, detail, atoms, rules, instances, cycle, tried); the cycle is a list
  // of (atom, rule, negated).
  static py::handle fault = py::exception<GroundError>(m, "GroundFault").release();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const GroundError& e) {
      py::list cycle;
      for (const CycleStep& step : e.cycle) cycle.append(py::make_tuple(step.atom, step.rule, step.negated));
      const py::tuple arguments =
          py::make_tuple(static_cast<int>(e.fault), e.rule, e.plan, e.offset, e.registers, e.detail,
                         e.atoms, e.rules, e.instances, cycle, e.tried);
      PyErr_SetObject(fault.ptr(), arguments.ptr());
    }
  });
  m.def(
      "write_out_observed",
      [](const GroundProgram& program, const FunctionalDependencies& dependencies) {
        std::optional<GroundProgram> written;
        {
          py::gil_scoped_release release;
          written = write_out_observed(program, dependencies);
        }
        return written ? std::make_shared<GroundProgram>(std::move(*written)) : nullptr;
      },
      py::arg("program"), py::arg("dependencies"));
  m.def("arithmetic_functions", &arithmetic_function_names);
  m.def("ground", &run_ground, py::arg("values"), py::arg("predicates"), py::arg("code"),
        py::arg("plan_begin"), py::arg("plan_rule"), py::arg("rule_count"), py::arg("strata"), py::arg("registers"),
        py::arg("queries"), py::arg("evidence"), py::arg("max_ground"), py::arg("keep_all"),
        py::arg("call") = py::none());
}
