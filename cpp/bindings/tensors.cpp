// TensorReader: the tensors of a call as an engine takes them, where nothing about them needs a second look.
//
// Small calls spend more time on looking at their arguments than on inference. What is unusual in any way, and all
// mistakes, are left to emnesy.tensors, which has the words for them.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "emnesy/label_codes.hpp"

namespace py = pybind11;
using namespace emnesy;

namespace {

class TensorReader {
 public:
  TensorReader(const py::sequence& priors, const py::sequence& labels, py::ssize_t slots, py::object view)
      : slots_(slots), view_(std::move(view)), single_(py::dtype::of<float>()), twice_(py::dtype::of<double>()),
        label_(py::dtype::of<std::int32_t>()), wide_label_(py::dtype::of<std::int64_t>()), truth_(py::dtype::of<bool>()) {
    for (const py::handle item : priors) {
      const auto spec = item.cast<py::tuple>();
      priors_.push_back({spec[0].cast<py::str>(), spec[1].cast<std::vector<py::ssize_t>>(), nullptr});
    }
    for (const py::handle item : labels) {
      const auto spec = item.cast<py::tuple>();
      labels_.push_back({spec[0].cast<py::str>(), spec[1].cast<std::vector<py::ssize_t>>(),
                         spec[2].is_none() ? nullptr : spec[2].cast<const LabelCodes*>()});
      keep_.push_back(py::reinterpret_borrow<py::object>(spec[2]));
    }
  }

  // ([one (B, elements) block a predicate], (B, slots) labels), views where possible; None: look closer.
  py::object read(const py::object& priors, const py::object& evidence) const {
    if (!PyDict_CheckExact(priors.ptr()) || !PyDict_CheckExact(evidence.ptr())) return py::none();
    if (PyDict_Size(priors.ptr()) != static_cast<py::ssize_t>(priors_.size())) return py::none();
    py::ssize_t batch = -1;
    py::list blocks(priors_.size());
    PyObject* dtype = nullptr;
    for (std::size_t p = 0; p < priors_.size(); ++p) {
      const py::array array = find(priors, priors_[p], batch);
      if (!array) return py::none();
      PyObject* own = type_of(array);
      if ((own != single_.ptr() && own != twice_.ptr()) || (dtype != nullptr && own != dtype)) return py::none();
      dtype = own;
      blocks[p] = array.ndim() == 2 ? array : flat(array);
    }
    // Labels that examples share are rare enough to be spread out in Python.
    std::vector<std::pair<const Tensor*, py::array>> given;
    for (const Tensor& tensor : labels_) {
      if (given.size() == static_cast<std::size_t>(PyDict_Size(evidence.ptr()))) break;
      if (tensor.codes == nullptr) continue;
      const int found = PyDict_Contains(evidence.ptr(), tensor.name.ptr());
      if (found < 0) throw py::error_already_set();
      if (found == 0) continue;
      py::array array = find(evidence, tensor, batch);
      if (!array) return py::none();
      given.emplace_back(&tensor, std::move(array));
    }
    if (given.size() != static_cast<std::size_t>(PyDict_Size(evidence.ptr()))) return py::none();
    auto table = new_array<std::int32_t>({batch < 0 ? 1 : batch, slots_});
    py::ssize_t filled = 0;
    for (const auto& [tensor, array] : given) filled += tensor->codes->slots();
    if (filled < slots_) std::fill_n(table.mutable_data(), table.size(), -1);
    for (const auto& [tensor, array] : given) {
      if (!encode(*tensor->codes, array, table.mutable_data())) return py::none();
    }
    return py::make_tuple(std::move(blocks), std::move(table));
  }

 private:
  struct Tensor {
    py::str name;
    std::vector<py::ssize_t> shape;  // after the batch
    const LabelCodes* codes;         // of labels
  };

  // The descriptor; those of NumPy's own types exist once.
  static PyObject* type_of(const py::array& array) { return py::detail::array_proxy(array.ptr())->descr; }

  // An array of the right shape, C-contiguous and aligned, with as many examples as others have; otherwise empty.
  py::array find(const py::object& given, const Tensor& tensor, py::ssize_t& batch) const {
    PyObject* item = PyDict_GetItemWithError(given.ptr(), tensor.name.ptr());
    if (item == nullptr) {
      if (PyErr_Occurred()) throw py::error_already_set();
      return py::reinterpret_steal<py::array>(py::handle());
    }
    py::object value = py::reinterpret_borrow<py::object>(item);
    const auto is_array = [&] { return Py_TYPE(value.ptr()) == py::detail::npy_api::get().PyArray_Type_; };
    if (!is_array()) value = view_(value);
    if (!is_array()) return py::reinterpret_steal<py::array>(py::handle());
    py::array array = py::reinterpret_steal<py::array>(value.release());
    constexpr int plain = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
    const auto dimensions = static_cast<py::ssize_t>(tensor.shape.size());
    if (array.ndim() != dimensions + 1 || (array.flags() & plain) != plain || (batch >= 0 && array.shape(0) != batch) ||
        !std::equal(tensor.shape.begin(), tensor.shape.end(), array.shape() + 1)) {
      return py::reinterpret_steal<py::array>(py::handle());
    }
    batch = array.shape(0);
    return array;
  }

  static py::array flat(const py::array& array) {
    py::ssize_t size = 1;
    for (py::ssize_t i = 1; i < array.ndim(); ++i) size *= array.shape(i);
    return py::array(array.dtype(), {array.shape(0), size}, array.data(), array);
  }

  bool encode(const LabelCodes& codes, const py::array& array, std::int32_t* table) const {
    PyObject* type = type_of(array);
    const py::ssize_t batch = array.shape(0);
    if (type == label_.ptr()) return codes.encode(static_cast<const std::int32_t*>(array.data()), batch, table, slots_);
    if (type == wide_label_.ptr()) return codes.encode(static_cast<const std::int64_t*>(array.data()), batch, table, slots_);
    if (type == truth_.ptr()) return codes.encode(static_cast<const std::uint8_t*>(array.data()), batch, table, slots_);
    return false;
  }

  std::vector<Tensor> priors_, labels_;
  py::ssize_t slots_;
  py::object view_;  // of what is no array, such as a tensor of PyTorch's, as an array; None: it has none
  py::dtype single_, twice_, label_, wide_label_, truth_;
  std::vector<py::object> keep_;  // the codes
};

}  // namespace

void bind_tensors(py::module_& m) {
  py::class_<TensorReader>(m, "TensorReader")
      .def(py::init<const py::sequence&, const py::sequence&, py::ssize_t, py::object>(), py::arg("priors"), py::arg("labels"),
           py::arg("slots"), py::arg("view"))
      .def("read", &TensorReader::read, py::arg("priors"), py::arg("evidence"));
}
