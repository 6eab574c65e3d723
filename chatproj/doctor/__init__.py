"""
The checks of `manage.py doctor` for the deployment: database servers, files, backups, proxies, settings and tracing.

The setting DOCTOR_CHECKS names them. Each check returns findings, changes nothing, and leaves out what the site does
not use. `chat/management/doctor.py` has the checks of the chat itself.
"""
