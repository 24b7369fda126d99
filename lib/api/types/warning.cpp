#include "api/types/warning.h"

#include "api/codec.h"

namespace api {

API_TYPE(WarningPut) {
  return fields<WarningPut>(
      field<&WarningPut::status>("status"));
}

API_TYPE(Warning) {
  return fields<Warning>(
      base<Warning, WarningPut>(),
      field<&Warning::uuid>("uuid"),
      field<&Warning::location>("location"),
      field<&Warning::project>("project"),
      field<&Warning::type>("type"),
      field<&Warning::count>("count"),
      field<&Warning::first_seen_at>("first_seen_at"),
      field<&Warning::last_seen_at>("last_seen_at"),
      field<&Warning::last_message>("last_message"),
      field<&Warning::severity>("severity"),
      field<&Warning::entity_url>("entity_url"));
}

}  // namespace api
