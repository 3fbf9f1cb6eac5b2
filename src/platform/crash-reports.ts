interface ReportSettings {
  excludeEnv?: boolean
  reportOnFatalError: boolean
  reportOnSignal: boolean
  reportOnUncaughtException: boolean
}

/**
 * Keeps the environment out of Node's diagnostic reports (`--report-on-fatalerror` and others): `SPAREKEY_KEY` and keys that are referenced
 * by variable would stand there in clear, in a file that people attach to bug reports. Node before 22.13 cannot leave it out: there the
 * reports that write themselves are turned off.
 */
export function keepEnvironmentOutOfReports(report: ReportSettings | undefined = process.report): void {
  if (report === undefined) return
  if ('excludeEnv' in report) {
    report.excludeEnv = true
    return
  }
  report.reportOnFatalError = false
  report.reportOnUncaughtException = false
  // Without its listener the signal would end the process: one that nobody asked for is left alone.
  if (report.reportOnSignal) report.reportOnSignal = false
}
