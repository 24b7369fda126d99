#include "applets/daemon/envelope.h"

namespace incusd {

http::Response render(Reply&& reply) {
  switch (reply.kind) {
    case Reply::Kind::sync: {
      http::Response response = sync_response(reply.metadata, reply.etag, reply.location);
      for (const auto& [name, value] : reply.response.headers.fields()) response.headers.set(name, value);
      return response;
    }
    case Reply::Kind::async: return async_response(*reply.operation);
    case Reply::Kind::raw: return std::move(reply.response);
  }
  return error_response(500, "unknown reply");
}

}  // namespace incusd
