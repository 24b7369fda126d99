#include "api/extensions.h"

namespace api {

const StringList& extensions() {
  static const StringList kAll = [] {
    StringList list;
#define EXTENSION(name, built) \
  if (built) list.push_back(name);
#include "api/extensions.def"
#undef EXTENSION
    return list;
  }();
  return kAll;
}

}  // namespace api
