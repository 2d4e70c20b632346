// Front
