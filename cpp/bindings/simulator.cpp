// The simulator, and the engines on top of it.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <string>

#include "arrays.hpp"
#include "bindings.hpp"
#include "emnesy/simulator.hpp"
#include "simulator/lanes.hpp"

namespace py = pybind11;
using namespace emnesy;

namespace {

template <typename T>
std::vector<T> copy_of(const py::array_t<T>& array) {
  return {array.data(), array.data() + array.size()};
}

// Every atom's truth (atoms, worlds) and every computed cell's number (cells, worlds) in the worlds in which the
// choices take `alternatives` (worlds, choices).
py::tuple evaluate(const Simulator& simulator, const py::array_t<std::int32_t, py::array::c_style>& alternatives) {
  const auto choices = static_cast<py::ssize_t>(simulator.choice_count());
  if (alternatives.ndim() != 2 || alternatives.shape(1) != choices) {
    throw py::type_error("alternatives must be an int32 array of shape (worlds, " + std::to_string(choices) + ")");
  }
  const std::int64_t worlds = alternatives.shape(0);
  const std::int32_t* const given = alternatives.data();
  for (std::int64_t w = 0; w < worlds; ++w) {
    for (py::ssize_t c = 0; c < choices; ++c) {
      const std::int32_t value = given[w * choices + c];
      if (value < 0 || value > simulator.choice_alternatives[c]) throw py::value_error("no such alternative");
    }
  }
  const auto atoms = static_cast<std::int64_t>(simulator.atom_literal.size());
  py::array_t<bool> truth({atoms, worlds});
  py::array_t<double> cells({static_cast<std::int64_t>(simulator.program_numbers), worlds});
  bool* const truth_data = truth.mutable_data();
  double* const cell_data = cells.mutable_data();
  {
    const py::gil_scoped_release released;
    simulator::Lanes lanes(simulator);
    for (std::int64_t first = 0; first < worlds; first += lanes.width()) {
      const std::int64_t count = std::min<std::int64_t>(worlds - first, lanes.width());
      for (py::ssize_t c = 0; c < choices; ++c) {
        for (int word = 0; word < lanes.words(); ++word) {
          std::int32_t values[64];
          for (std::int64_t l = 0; l < 64; ++l) {
            const std::int64_t world = first + std::min<std::int64_t>(64 * word + l, count - 1);
            values[l] = given[world * choices + c];
          }
          lanes.set(static_cast<std::size_t>(c), word, values);
        }
      }
      lanes.run();
      for (std::int64_t a = 0; a < atoms; ++a) {
        for (std::int64_t w = 0; w < count; ++w) {
          truth_data[a * worlds + first + w] = (lanes.word(simulator.atom_literal[a], static_cast<int>(w / 64)) >> (w % 64) & 1) != 0;
        }
      }
      for (std::int64_t n = 0; n < simulator.program_numbers; ++n) {
        std::copy_n(lanes.number(static_cast<std::int32_t>(n)), count, cell_data + n * worlds + first);
      }
    }
  }
  return py::make_tuple(truth, cells);
}

}  // namespace

void bind_simulator(py::module_& m) {
  py::class_<Simulator, std::shared_ptr<Simulator>>(m, "Simulator")
      .def(py::init([](const GroundProgram& program, const py::array_t<std::int64_t>& begin, const py::array_t<std::int32_t>& atom,
                       const py::array_t<std::uint8_t>& functional, bool impossible) {
             const EvidenceSlots slots{copy_of(begin), copy_of(atom), copy_of(functional)};
             auto simulator = std::make_shared<Simulator>(simulate(program, slots, impossible));
             simulator->verify();
             return simulator;
           }),
           py::arg("program"), py::arg("slot_begin"), py::arg("slot_atom"), py::arg("slot_functional"), py::arg("impossible") = false)
      .def("verify", &Simulator::verify)
      .def("dump", &Simulator::dump)
      .def("evaluate", &evaluate, py::arg("alternatives").noconvert())
      .def_property_readonly("atom_literal", [](const py::object& self) {
        return view_of(self.cast<const Simulator&>().atom_literal, self);
      })
      .def_property_readonly("step_kinds", [](const Simulator& self) {
        std::vector<int> kinds;
        for (const StepKind kind : self.step_kind) kinds.push_back(static_cast<int>(kind));
        return kinds;
      });

  // Raised as NoFixpoint(atom): an atom of the component that has none.
  static PyObject* no_fixpoint = nullptr;
  py::object type = py::exception<NoFixpoint>(m, "NoFixpoint");
  no_fixpoint = type.ptr();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const NoFixpoint& error) {
      PyErr_SetObject(no_fixpoint, py::make_tuple(error.cell).ptr());
    }
  });
}
