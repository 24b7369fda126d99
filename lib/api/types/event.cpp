#include "api/types/event.h"

#include "api/codec.h"

namespace api {

API_TYPE(Event) {
  return fields<Event>(
      field<&Event::type>("type"),
      field<&Event::timestamp>("timestamp"),
      field<&Event::metadata>("metadata"),
      field<&Event::location>("location", kOmitEmpty),
      field<&Event::project>("project", kOmitEmpty));
}

API_TYPE(EventLogRecord) {
  return fields<EventLogRecord>(
      field<&EventLogRecord::time>("Time"),
      field<&EventLogRecord::lvl>("Lvl"),
      field<&EventLogRecord::msg>("Msg"),
      field<&EventLogRecord::ctx>("Ctx"));
}

API_TYPE(EventLogging) {
  return fields<EventLogging>(
      field<&EventLogging::message>("message"),
      field<&EventLogging::level>("level"),
      field<&EventLogging::context>("context"));
}

API_TYPE(EventLifecycleRequestor) {
  return fields<EventLifecycleRequestor>(
      field<&EventLifecycleRequestor::username>("username"),
      field<&EventLifecycleRequestor::protocol>("protocol"),
      field<&EventLifecycleRequestor::address>("address"));
}

API_TYPE(EventLifecycle) {
  return fields<EventLifecycle>(
      field<&EventLifecycle::action>("action"),
      field<&EventLifecycle::source>("source"),
      field<&EventLifecycle::context>("context", kOmitEmpty),
      field<&EventLifecycle::requestor>("requestor", kOmitEmpty),
      field<&EventLifecycle::name>("name", kOmitEmpty),
      field<&EventLifecycle::project>("project", kOmitEmpty));
}

}  // namespace api
