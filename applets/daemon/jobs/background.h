// What goes on beside requests and periodic jobs, for as long as the daemon lives.
#pragma once
#include <memory>

namespace incusd {

class LogTargets;
class MetricsCache;
class OperationRows;
class SyslogSocket;

struct Background {
  std::shared_ptr<OperationRows> operation_rows;
  std::shared_ptr<MetricsCache> metrics;
  std::shared_ptr<LogTargets> log_targets;  ///< logging.*, loki.*
  std::shared_ptr<SyslogSocket> syslog;     ///< core.syslog_socket; null without one
};

}  // namespace incusd
