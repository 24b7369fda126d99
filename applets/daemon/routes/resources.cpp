// /1.0/resources: what the machine has.
#include "resources/resources.h"

#include "applets/daemon/route.h"
#include "api/field.h"

namespace incusd {
namespace {

Result<Reply> get_resources(Call&) { return ok(api::dump(*TRY(resources::all()))); }

constexpr Route kRoutes[] = {
    {http::Method::get, "/1.0/resources", allow("server", "can_view_resources"), kNoFlags, get_resources, "Lists the machine's hardware"},
};

}  // namespace

extern const Routes resource_routes = kRoutes;

}  // namespace incusd
