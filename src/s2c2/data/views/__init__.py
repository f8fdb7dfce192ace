"""Views of images, made in batches on the training device with parameters for each image."""

from s2c2.data.views.draws import Draws as Draws
from s2c2.data.views.draws import View as View
from s2c2.data.views.policy import VIEWS as VIEWS
from s2c2.data.views.policy import Strong as Strong
from s2c2.data.views.policy import Weak as Weak
