// Junction trees: a factor graph in, one without loops out, or what it would have cost.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <memory>

#include "arrays.hpp"
#include "bindings.hpp"
#include "emnesy/numbers.hpp"
#include "emnesy/ranks.hpp"
#include "exact.hpp"

namespace py = pybind11;

namespace {

using namespace emnesy;

JunctionTreeLimits limits_of(std::int64_t budget, int restarts) {
  if (budget < 1) throw py::value_error("budget must be at least 1");
  if (restarts < 1) throw py::value_error("restarts must be at least 1");
  JunctionTreeLimits limits;
  limits.budget = budget;
  limits.restarts = restarts;
  return limits;
}

Lowered lower_arrays(const GroundProgram& program, const FunctionalDependencies& dependencies,
                     const py::array_t<std::int64_t>& begin, const py::array_t<std::int32_t>& atom,
                     const py::array_t<std::uint8_t>& functional, bool impossible) {
  const EvidenceSlots slots{copy_of(begin), copy_of(atom), copy_of(functional)};
  py::gil_scoped_release release;
  return lower_with_cycles(program, dependencies, slots, impossible);
}

// The graph, and for every query beyond the program's own (source atom, cells, their values).
py::tuple lower_numbers(const GroundProgram& program, const FunctionalDependencies& dependencies,
                        const py::array_t<std::int64_t>& begin, const py::array_t<std::int32_t>& atom,
                        const py::array_t<std::uint8_t>& functional, bool impossible) {
  const EvidenceSlots slots{copy_of(begin), copy_of(atom), copy_of(functional)};
  std::vector<NumberQuery> queries;
  Lowered lowered = [&] {
    py::gil_scoped_release release;
    const auto few = expand_numbers(program, dependencies);
    if (!few) return lower_with_cycles(program, dependencies, slots, impossible);
    queries = few->queries;
    return lower_with_cycles(few->program, few->dependencies, slots, impossible);
  }();
  py::list listed;
  for (const NumberQuery& query : queries) listed.append(py::make_tuple(query.source, query.cell, query.value));
  return py::make_tuple(std::make_unique<Lowered>(std::move(lowered)), listed);
}

}  // namespace

void bind_exact(py::module_& m) {
  py::class_<JunctionTreeCost>(m, "JunctionTreeCost")
      .def_readonly("dense", &JunctionTreeCost::dense)
      .def_readonly("bound", &JunctionTreeCost::bound)
      .def_readonly("entries", &JunctionTreeCost::entries)
      .def_readonly("largest", &JunctionTreeCost::largest)
      .def_readonly("clusters", &JunctionTreeCost::clusters)
      .def_readonly("width", &JunctionTreeCost::width)
      .def_readonly("separators", &JunctionTreeCost::separators);
  m.def("lower_with_cycles", &lower_arrays, py::arg("program"), py::arg("dependencies"), py::arg("slot_begin"),
        py::arg("slot_atom"), py::arg("slot_functional"), py::arg("impossible"));
  m.def("lower_numbers", &lower_numbers, py::arg("program"), py::arg("dependencies"), py::arg("slot_begin"),
        py::arg("slot_atom"), py::arg("slot_functional"), py::arg("impossible"));
  m.def(
      "estimate_junction_tree",
      [](const FactorGraph& graph, int restarts) {
        const JunctionTreeLimits limits = limits_of(1, restarts);
        py::gil_scoped_release release;
        return estimate_junction_tree(graph, limits);
      },
      py::arg("graph"), py::kw_only(), py::arg("restarts") = JunctionTreeLimits{}.restarts);
  m.def(
      "make_junction_tree",
      [](const FactorGraph& graph, std::int64_t budget, int restarts) {
        const JunctionTreeLimits limits = limits_of(budget, restarts);
        JunctionTree tree = [&] {
          py::gil_scoped_release release;
          return make_junction_tree(graph, limits);
        }();
        return py::make_tuple(std::make_unique<FactorGraph>(std::move(tree.forest)), tree.cost);
      },
      py::arg("graph"), py::kw_only(), py::arg("budget") = JunctionTreeLimits{}.budget,
      py::arg("restarts") = JunctionTreeLimits{}.restarts);

  // Raised as TreeTooLarge(cost).
  static PyObject* too_large = nullptr;
  py::object type = py::exception<TreeTooLarge>(m, "TreeTooLarge");
  too_large = type.ptr();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const TreeTooLarge& error) {
      PyErr_SetObject(too_large, py::make_tuple(error.cost).ptr());
    }
  });
}
