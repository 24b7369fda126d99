#include "core/location.h"

namespace core {
namespace {

std::string& name() {
  static std::string text = "none";
  return text;
}

}  // namespace

const std::string& location() { return name(); }
void set_location(std::string text) { name() = std::move(text); }

}  // namespace core
