"""The features of the bank's clients, as its data engineers define them."""

from datetime import timedelta

from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.types import Float64, Int64

client = Entity(name="client", join_keys=["client_id"], value_type=ValueType.INT64)

client_profile = FeatureView(
    name="client_profile",
    entities=[client],
    ttl=timedelta(days=3650),
    schema=[Field(name="income", dtype=Float64), Field(name="years_as_client", dtype=Int64)],
    source=FileSource(path="data/client_profile.parquet", timestamp_field="event_timestamp"),
)

payments = FeatureView(
    name="payments",
    entities=[client],
    ttl=timedelta(days=3650),
    schema=[Field(name="late_payments", dtype=Int64), Field(name="utilization", dtype=Float64)],
    source=FileSource(path="data/payments.parquet", timestamp_field="event_timestamp"),
)
