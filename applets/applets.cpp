#include <algorithm>

#include "applets/applet.h"

#define APPLET(symbol) extern const Applet symbol;
#include "applets/applets.def"
#undef APPLET

std::span<const Applet* const> applets() {
  static const Applet* const kAll[] = {
#define APPLET(symbol) &symbol,
#include "applets/applets.def"
#undef APPLET
      nullptr};
  return std::span(kAll).first(std::size(kAll) - 1);
}

const Applet* find_applet(std::string_view name) {
  auto found = std::ranges::find(applets(), name, &Applet::name);
  return found == applets().end() ? nullptr : *found;
}
