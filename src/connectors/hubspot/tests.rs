//! HubSpot tests.
