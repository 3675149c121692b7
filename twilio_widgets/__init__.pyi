from .core.connection import ApiKeyConnection as ApiKeyConnection
from .core.connection import AuthTokenConnection as AuthTokenConnection
